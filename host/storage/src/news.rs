//! A CRM's news on their way to Matrix: webhooks as they came, and the entries that were read out of them.

use patchbay_types::{AdapterName, Millis, TenantId, TicketId};
use serde::Serialize;

use crate::{
    action::NewAction,
    decision::{Conversation, Room},
    delivery::{NewDelivery, PersonRemote, TicketChange},
    desk::DeskWrite,
    kv::KvWrite,
    parked::Park,
    trace::Trace,
};

/// A webhook as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHook {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter it is for.
    pub adapter: AdapterName,
    /// What a repeated request is recognised by, unique in this adapter.
    pub key: String,
    /// The request, in the caller's own form.
    pub body: Vec<u8>,
    /// What an agent wrote at the embedded desk, where this tells of it: kept in the same commit, if the webhook is new.
    pub desk: Vec<DeskWrite>,
    /// When it arrived.
    pub at: Millis,
    /// None: it is to be read. Else its adapter could not be asked whether it is, and is asked first.
    pub unasked: Option<Unasked>,
    /// What its adapter answered so far.
    pub trace: Trace,
}

/// A webhook whose adapter has not said yet whether it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unasked {
    /// What it is known by once the adapter wants it; none: by the key that it has already.
    pub delivery: Option<String>,
}

/// A webhook that waits to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter it is for.
    pub adapter: AdapterName,
    /// See [`NewHook::key`].
    pub key: String,
    /// See [`NewHook::unasked`].
    pub unasked: Option<Unasked>,
    /// Attempts so far.
    pub attempt: u32,
    /// Not before.
    pub not_before: Millis,
    /// When it arrived.
    pub at: Millis,
}

/// A webhook that its adapter wants, although it could not be asked when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookWanted {
    /// The webhook's number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// When.
    pub at: Millis,
    /// How it came to this.
    pub trace: Trace,
}

/// A webhook as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownHook {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter it is for.
    pub adapter: AdapterName,
    /// What a repeated request is recognised by.
    pub key: String,
    /// Where it stands.
    pub state: HookState,
    /// Attempts to read it so far.
    pub attempt: u32,
    /// When it arrived.
    pub at: Millis,
}

/// Where a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookState {
    /// It waits to be read.
    Pending = 0,
    /// It was read, or its adapter did not want it.
    Done = 1,
    /// Set aside.
    Parked = 2,
    /// Given up.
    Dropped = 3,
}

/// What was read out of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The webhook that was read, and what became of it; none where it came of no webhook.
    pub hook: Option<HookOutcome>,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that read it.
    pub adapter: AdapterName,
    /// When.
    pub at: Millis,
    /// What it told. Those known already are dropped.
    pub entries: Vec<NewEntry>,
    /// The plugin's own small state.
    pub kv: Vec<KvWrite>,
    /// How it came to this; kept for a webhook.
    pub trace: Trace,
}

/// What became of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookOutcome {
    /// It was read, or its adapter did not want it.
    Done(i64),
    /// Again, not before `at`.
    Retry {
        /// The webhook's number.
        id: i64,
        /// Not before.
        at: Millis,
    },
    /// Set aside.
    Parked(i64, Park),
}

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The adapter's identifier, unique in it.
    pub entry_id: String,
    /// The ticket it is about.
    pub ticket: TicketId,
    /// The entry, as the pipeline's own versioned JSON.
    pub body: String,
    /// Not before; 0 is at once.
    pub not_before: Millis,
}

/// A piece of news that waits to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that told it.
    pub adapter: AdapterName,
    /// The adapter's identifier.
    pub entry_id: String,
    /// The ticket it is about.
    pub ticket: TicketId,
    /// The entry; empty once it was pruned.
    pub body: String,
    /// Attempts so far.
    pub attempt: u32,
    /// Not before.
    pub not_before: Millis,
    /// When it was told.
    pub at: Millis,
    /// It was parked, and is replayed after later ones.
    pub late: bool,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryResult {
    /// The entry's number.
    pub id: i64,
    /// The entry's tenant.
    pub tenant: TenantId,
    /// When.
    pub at: Millis,
    /// How it ended.
    pub outcome: EntryOutcome,
    /// What is to be done in Matrix.
    pub actions: Vec<NewAction>,
    /// What goes on to other CRMs.
    pub deliveries: Vec<NewDelivery>,
    /// Tickets whose rows changed.
    pub tickets: Vec<TicketChange>,
    /// The conversation's row, where it changed.
    pub conversation: Option<Conversation>,
    /// The room's row, where it changed.
    pub room: Option<Room>,
    /// People whose identifier in the CRM was learnt.
    pub persons: Vec<PersonRemote>,
    /// How it came to this.
    pub trace: Trace,
}

/// How an entry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryOutcome {
    /// It was turned into actions.
    Done,
    /// Nothing was to be done; the trace says why.
    Ignored,
    /// Again, not before `at`.
    Retry {
        /// Not before.
        at: Millis,
        /// Why: shown to operators.
        error: String,
    },
    /// Set aside.
    Parked(Park),
}

// === impl HookState ===

impl HookState {
    pub(crate) fn from_column(state: i64) -> Option<Self> {
        Some(match state {
            0 => Self::Pending,
            1 => Self::Done,
            2 => Self::Parked,
            3 => Self::Dropped,
            _ => return None,
        })
    }
}

// === impl HookOutcome ===

impl HookOutcome {
    /// The webhook's number.
    #[must_use]
    pub fn id(&self) -> i64 {
        match self {
            Self::Done(id) | Self::Retry { id, .. } | Self::Parked(id, _) => *id,
        }
    }
}
