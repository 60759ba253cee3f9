//! Actions: what is to be done in Matrix, and what came of it.

use patchbay_types::{
    AdapterName, ConversationId, EventId, Millis, RegistrationId, RoomId, TenantId, TicketId,
};
use serde::Serialize;

use crate::{delivery::DeliveryState, parked::Park, trace::Trace};

/// An action to be stored. Its lane is (registration, room), its place there its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// From [`crate::Store::next_action_id`].
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The homeserver it goes to.
    pub registration: RegistrationId,
    /// The room it is done in; empty where the room is yet to be made.
    pub room_id: RoomId,
    /// What caused it: an event ID or an entry's identifier.
    pub source: String,
    /// Its place among what the source caused.
    pub ordinal: u32,
    /// The Matrix transaction ID, the same on every attempt.
    pub txn_id: String,
    /// What to do, as the pipeline's own versioned JSON.
    pub payload: String,
    /// The CRM's message that it shows, where it shows one: becomes a link once it is sent.
    pub origin: Option<Origin>,
    /// Not before; 0 is at once.
    pub not_before: Millis,
}

/// The CRM's side of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The adapter that told of it.
    pub adapter: AdapterName,
    /// The conversation.
    pub conversation: ConversationId,
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// The adapter's identifier of the message.
    pub part: Option<String>,
}

/// An action as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The homeserver it goes to.
    pub registration: RegistrationId,
    /// The room.
    pub room_id: RoomId,
    /// What caused it.
    pub source: String,
    /// Its place among what the source caused.
    pub ordinal: u32,
    /// The Matrix transaction ID.
    pub txn_id: String,
    /// What to do; empty once it was pruned.
    pub payload: String,
    /// The CRM's message that it shows.
    pub origin: Option<Origin>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempt: u32,
    /// Not before.
    pub not_before: Millis,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The event that it became.
    pub event_id: Option<EventId>,
    /// When it was decided.
    pub created_at: Millis,
    /// It was handed on by the very process that committed it: nobody can have tried it before. What was read from the
    /// database may have been under way when a host crashed.
    #[serde(skip)]
    pub untried: bool,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionResult {
    /// The action's number.
    pub id: i64,
    /// The action's tenant.
    pub tenant: TenantId,
    /// When.
    pub at: Millis,
    /// Which attempt this was; the first is 1.
    pub attempt: u32,
    /// What came of it.
    pub outcome: ActionOutcome,
    /// How it came to this.
    pub trace: Trace,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionOutcome {
    /// The homeserver took it, and named the event where there is one.
    Sent {
        /// The event.
        event_id: Option<EventId>,
    },
    /// Again, not before `at`; it stays in its lane.
    Retry {
        /// Not before.
        at: Millis,
        /// Why: shown to operators.
        error: String,
    },
    /// Set aside; the lane goes on.
    Dead(Park),
    /// Nothing was to be done after all; the reason is shown to operators.
    Dropped(String),
}
