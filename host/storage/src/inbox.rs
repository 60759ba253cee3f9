//! The inbox: what homeservers sent, kept before they are answered. A row stays as the key that a repeated event is
//! recognised by, long after its body was dropped.

use patchbay_types::{Millis, RegistrationId, RoomId, TenantId};
use serde::Serialize;

/// A homeserver's transaction, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Whose it is.
    pub registration: RegistrationId,
    /// The homeserver's number for it; only shown, since homeservers reuse them.
    pub txn_id: String,
    /// When it arrived.
    pub received_at: Millis,
    /// Its events, in order.
    pub events: Vec<NewEvent>,
    /// The whole body, where it was no transaction.
    pub unreadable: Option<Unreadable>,
}

/// One event of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What it is recognised by: its event ID; where it has none, something made of transaction, index and hash.
    pub key: String,
    /// The room, where it names one.
    pub room_id: Option<RoomId>,
    /// The event as it came.
    pub body: String,
    /// Why no plugin may see it: it is then parked at once.
    pub fault: Option<String>,
}

/// A request body that is no transaction. It is parked once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong with it.
    pub reason: String,
    /// The bytes, bounded by the caller.
    pub raw: Vec<u8>,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Accepted {
    /// Events that were new.
    pub stored: u64,
    /// Events that were here before, or twice in the transaction.
    pub duplicates: u64,
}

/// An event that waits to be handled, or that someone asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InboxEvent {
    /// Its number: the order in which it was accepted.
    pub seq: i64,
    /// Where it came from.
    pub registration: RegistrationId,
    /// See [`NewEvent::key`].
    pub key: String,
    /// The room, where it names one.
    pub room_id: Option<RoomId>,
    /// The event as it came; empty once it was pruned.
    pub body: String,
    /// When it arrived.
    pub received_at: Millis,
    /// It was parked, and is replayed after later events.
    pub late: bool,
    /// Where it stands.
    pub state: InboxState,
    /// The tenant that it was found to belong to.
    pub tenant: Option<TenantId>,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InboxState {
    /// Not handled yet.
    Pending = 0,
    /// Handled.
    Done = 1,
    /// Set aside, until someone replays or discards it.
    Parked = 2,
    /// Nothing was to be done; the trace says why.
    Ignored = 3,
    /// Its room is no tenant's.
    Nobody = 4,
}

// === impl InboxState ===

impl InboxState {
    pub(crate) fn from_column(state: i64) -> Option<Self> {
        Some(match state {
            0 => Self::Pending,
            1 => Self::Done,
            2 => Self::Parked,
            3 => Self::Ignored,
            4 => Self::Nobody,
            _ => return None,
        })
    }
}
