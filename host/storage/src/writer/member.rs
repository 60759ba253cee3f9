//! Members: what callers ask the writer for. Each is written wholly or not at all, whatever else its group holds.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    action::ActionResult,
    decision::{Decision, Guarded},
    delivery::DeliveryResult,
    error::StorageError,
    failure::Telling,
    inbox::Transaction,
    kv::KvWrite,
    news::{EntryResult, HookWanted, NewHook, Received},
    notice::Notice,
    poll::Polled,
    trace::Packed,
    writer::statement::Statement,
};

/// One request to the writer, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Member {
    /// All of these or none, in order.
    pub(crate) writes: Vec<Write>,
    /// Somebody outside waits for it, or must not be asked again: it is not put off.
    pub(crate) urgent: bool,
    /// One answer for each.
    pub(crate) reply: oneshot::Sender<Result<Vec<Reply>, StorageError>>,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Write {
    Accept(Box<Transaction>),
    Decide(Arc<Decision>, Packed),
    Deliver(Arc<DeliveryResult>, Packed),
    Act(Box<ActionResult>, Packed),
    Hook(Box<NewHook>, Packed),
    HookWanted(Box<HookWanted>, Packed),
    Receive(Box<Received>, Packed),
    Poll(Box<Polled>, Packed),
    Enter(Box<EntryResult>, Packed),
    Kv(Vec<KvWrite>),
    Notice(Notice),
    Tell(Box<Telling>, Packed),
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

// === impl Member ===

impl Member {
    /// About how many rows and bytes it will write: bounds a group.
    pub(crate) fn weight(&self) -> (usize, usize) {
        self.writes.iter().map(Write::weight).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

// === impl Write ===

impl Write {
    fn weight(&self) -> (usize, usize) {
        match self {
            Self::Accept(transaction) => (
                transaction.events.len().max(1),
                transaction.events.iter().map(|event| event.body.len()).sum::<usize>()
                    + transaction.unreadable.as_ref().map_or(0, |unreadable| unreadable.raw.len()),
            ),
            Self::Decide(decision, trace) => (
                1 + decision.deliveries.len() + decision.actions.len(),
                decision.deliveries.iter().map(|delivery| delivery.payload.len()).sum::<usize>()
                    + trace.bytes().len(),
            ),
            Self::Deliver(result, trace) => {
                (1 + result.desk.len() + result.kv.len(), result.bytes() + trace.bytes().len())
            }
            Self::Receive(received, trace) => (
                1 + received.entries.len(),
                received.entries.iter().map(|entry| entry.body.len()).sum::<usize>() + trace.bytes().len(),
            ),
            Self::Poll(polled, trace) => (
                2 + polled.entries.len(),
                polled.entries.iter().map(|entry| entry.body.len()).sum::<usize>() + trace.bytes().len(),
            ),
            Self::Enter(result, trace) => {
                (1 + result.actions.len() + result.deliveries.len(), trace.bytes().len())
            }
            Self::Act(_, trace) => (1, trace.bytes().len()),
            Self::Hook(hook, trace) => (2 + hook.desk.len(), hook.body.len() + trace.bytes().len()),
            Self::HookWanted(_, trace) => (2, trace.bytes().len()),
            Self::Tell(telling, trace) => {
                (1 + telling.actions.len() + telling.deliveries.len(), trace.bytes().len())
            }
            Self::Kv(writes) => (writes.len(), 0),
            Self::Notice(_) | Self::Statements(_) => (1, 0),
        }
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) const WRITTEN: Self = Self { written: 1, skipped: 0 };
    pub(crate) const SKIPPED: Self = Self { written: 0, skipped: 1 };

    /// For a member that is one row.
    pub(crate) fn of(rows: usize) -> Self {
        if rows > 0 { Self::WRITTEN } else { Self::SKIPPED }
    }

    /// For a member that stands behind one row's state.
    pub(crate) fn guarded(self) -> Guarded {
        if self.written > 0 { Guarded::Applied } else { Guarded::Stale }
    }
}
