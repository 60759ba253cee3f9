//! A decision: all that follows from one event of the inbox, as one member of a commit.

use patchbay_types::{ConversationId, EventId, Millis, RegistrationId, RoomId, TenantId};
use serde::{Deserialize, Serialize};

use crate::{action::NewAction, delivery::NewDelivery, inbox::InboxState, parked::Park, trace::Trace};

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The event's number in the inbox.
    pub seq: i64,
    /// When it was decided.
    pub at: Millis,
    /// Whose event it was.
    pub tenant: Option<TenantId>,
    /// Where it stands from now on.
    pub state: InboxState,
    /// The Matrix event ID.
    pub event_id: Option<EventId>,
    /// The room's row, where it changed.
    pub room: Option<Room>,
    /// The conversation's row, where it changed.
    pub conversation: Option<Conversation>,
    /// What goes to CRMs; each number comes from [`crate::Store::next_delivery_id`].
    pub deliveries: Vec<NewDelivery>,
    /// What goes to Matrix; each number comes from [`crate::Store::next_action_id`].
    pub actions: Vec<NewAction>,
    /// How it came to this.
    pub trace: Trace,
    /// Why it was set aside; wanted where the state is [`InboxState::Parked`].
    pub park: Option<Park>,
}

/// Whether a guarded write did anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[must_use]
pub enum Guarded {
    /// All of it was written.
    Applied,
    /// The row was no longer pending: nothing was written. Someone had done it before, such as this host before a crash.
    Stale,
}

/// A room as one registration sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The registration whose homeserver told of it.
    pub registration: RegistrationId,
    /// The room.
    pub room_id: RoomId,
    /// Whose it is; nobody's where absent.
    pub tenant: Option<TenantId>,
    /// What decided that, such as `alias` or `link`: shown to operators.
    pub decided_by: String,
    /// What is known of the room, as the pipeline's own JSON.
    pub state: String,
}

/// A conversation: what ties a room, or a thread in it, to tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Whose it is.
    pub tenant: TenantId,
    /// Unique in the tenant.
    pub id: ConversationId,
    /// The registration of its room.
    pub registration: RegistrationId,
    /// Its room.
    pub room_id: RoomId,
    /// The thread's root, where conversations are per thread.
    pub thread_root: Option<EventId>,
    /// A JSON array of strings.
    pub labels: String,
    /// The customer, as JSON.
    pub customer: Option<String>,
    /// Messages so far.
    pub message_count: u32,
    /// When the last one was sent.
    pub last_at: Millis,
}

// === impl Room ===

impl Room {
    /// What decided a room's owner where we made it for a ticket: it stays its tenant's, whatever events tell of it.
    pub const MADE: &'static str = "ticket";
}
