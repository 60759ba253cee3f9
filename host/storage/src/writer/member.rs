//! Members: what callers ask the writer for. Each is written wholly or not at all, whatever else its group holds.

use tokio::sync::oneshot;

use crate::{
    action::ActionResult,
    decision::{Decision, Guarded},
    delivery::DeliveryResult,
    error::StorageError,
    inbox::Transaction,
    kv::KvWrite,
    news::{EntryResult, NewHook, Received},
    notice::Notice,
    writer::statement::Statement,
};

/// One request to the writer, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) write: Write,
    pub(crate) reply: oneshot::Sender<Result<Reply, StorageError>>,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Write {
    Accept(Box<Transaction>),
    Decide(Box<Decision>),
    Deliver(Box<DeliveryResult>),
    Act(Box<ActionResult>),
    Hook(NewHook),
    Receive(Box<Received>),
    Enter(Box<EntryResult>),
    Kv(Vec<KvWrite>),
    Notice(Notice),
    Statements(Vec<Statement>),
}

/// What was done for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reply {
    /// Rows that were new, or still pending.
    pub(crate) written: u64,
    /// Rows that were known, or no longer pending.
    pub(crate) skipped: u64,
}

// === impl Write ===

impl Write {
    /// About how many rows and bytes it will write: bounds a group.
    pub(crate) fn weight(&self) -> (usize, usize) {
        match self {
            Self::Accept(transaction) => (
                transaction.events.len().max(1),
                transaction.events.iter().map(|event| event.body.len()).sum::<usize>()
                    + transaction.unreadable.as_ref().map_or(0, |unreadable| unreadable.raw.len()),
            ),
            Self::Decide(decision) => (
                1 + decision.deliveries.len() + decision.actions.len(),
                decision.deliveries.iter().map(|delivery| delivery.payload.len()).sum::<usize>()
                    + decision.trace.iter().map(|step| step.input.len() + step.answer.len()).sum::<usize>(),
            ),
            Self::Deliver(result) => (
                1 + result.desk.len() + result.kv.len(),
                result.trace.iter().map(|step| step.input.len() + step.answer.len()).sum(),
            ),
            Self::Receive(received) => {
                (1 + received.entries.len(), received.entries.iter().map(|entry| entry.body.len()).sum())
            }
            Self::Enter(result) => (1 + result.actions.len(), 1024),
            Self::Hook(hook) => (1, hook.body.len()),
            Self::Act(_) | Self::Kv(_) | Self::Notice(_) | Self::Statements(_) => (1, 1024),
        }
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) const WRITTEN: Self = Self { written: 1, skipped: 0 };
    pub(crate) const SKIPPED: Self = Self { written: 0, skipped: 1 };

    /// For a member that stands behind one row's state.
    pub(crate) fn guarded(self) -> Guarded {
        if self.written > 0 { Guarded::Applied } else { Guarded::Stale }
    }
}
