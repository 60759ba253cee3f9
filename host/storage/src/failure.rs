//! Failure that is shown where people look: what waits for too long or was set aside, and whom that was told.

use patchbay_types::{AdapterName, ConversationId, Millis, RegistrationId, RoomId, TenantId};

use crate::{
    action::NewAction,
    delivery::{DeliveryState, NewDelivery},
    trace::{Subject, Trace},
};

/// Where a walk over waiting lanes stands: the lane that was looked at last. The default is before all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LanePlace {
    /// The tenant.
    pub tenant: String,
    /// The conversation.
    pub conversation: String,
    /// The adapter.
    pub adapter: String,
}

/// A lane in which a delivery waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLane {
    /// The tenant.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The adapter.
    pub adapter: AdapterName,
    /// The number of the first delivery in it.
    pub first: i64,
    /// When that was decided.
    pub since: Millis,
    /// Its customer was told.
    pub told: bool,
}

/// A room of which an event waits to be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRoom {
    /// The registration that saw it.
    pub registration: RegistrationId,
    /// The room.
    pub room_id: RoomId,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// The number of the first event.
    pub first: i64,
    /// When that arrived.
    pub since: Millis,
}

/// What waits for one adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFor {
    /// The tenant.
    pub tenant: TenantId,
    /// The adapter.
    pub adapter: AdapterName,
    /// Deliveries that wait for their turn or their time.
    pub count: u64,
    /// When the first of them was decided.
    pub since: Millis,
}

/// An action that waits, without what it is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingAction {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// When it was decided.
    pub created_at: Millis,
    /// It shows a CRM's message of which no note was made yet.
    pub notable: bool,
}

/// A conversation whose customer was told, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldConversation {
    /// The tenant.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The registration of its room.
    pub registration: RegistrationId,
    /// Its room.
    pub room_id: RoomId,
    /// What was late.
    pub subject: Subject,
    /// When they were told.
    pub at: Millis,
    /// Something of theirs still waits, or is still set aside.
    pub waits: bool,
    /// What was late has arrived.
    pub arrived: bool,
}

/// A message of whose failure its ticket was told, and that was not settled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenNote {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that told the message.
    pub adapter: AdapterName,
    /// The entry's identifier.
    pub source: String,
    /// What failed.
    pub subject: Subject,
    /// How it stands now; none: it is no longer known.
    pub state: Option<DeliveryState>,
}

/// What somebody is told: written together with the mark that it was told, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The tenant.
    pub tenant: TenantId,
    /// When.
    pub at: Millis,
    /// The mark.
    pub mark: Mark,
    /// What it is about: the trace is kept with it.
    pub subject: Subject,
    /// What is said in the room; each number comes from [`crate::Store::next_action_id`].
    pub actions: Vec<NewAction>,
    /// What is said in the ticket; each number comes from [`crate::Store::next_delivery_id`].
    pub deliveries: Vec<NewDelivery>,
    /// How it came to this.
    pub trace: Trace,
}

/// What is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The customer was told, unless they were before.
    Late {
        /// The conversation.
        conversation: ConversationId,
        /// The registration of its room.
        registration: RegistrationId,
        /// Its room.
        room_id: RoomId,
        /// What was set aside, where that is why.
        parked: Option<i64>,
    },
    /// Nothing of this conversation waits any more.
    Over {
        /// The conversation.
        conversation: ConversationId,
    },
    /// The ticket was told of this message, unless it was before.
    Noted {
        /// The adapter that told the message.
        adapter: AdapterName,
        /// The entry's identifier.
        source: String,
    },
    /// Nothing more is to be said of this note's message.
    Settled {
        /// The note's number.
        note: i64,
    },
}
