//! What was set aside, until someone replays or discards it.

use patchbay_types::{AdapterName, ConversationId, EventId, Millis, RegistrationId, RoomId, TenantId};
use serde::Serialize;

use crate::trace::Subject;

/// Why something is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Park {
    /// The slot that could not handle it.
    pub slot: Option<String>,
    /// The component's digest.
    pub component: Option<String>,
    /// What went wrong: for operators.
    pub reason: String,
    /// The parked event that it refers to, where that is why.
    pub behind: Option<EventId>,
}

/// Something that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub subject: Subject,
    /// Whose it is, where that is known.
    pub tenant: Option<TenantId>,
    /// The event, where it has one.
    pub event_id: Option<EventId>,
    /// The slot that could not handle it.
    pub slot: Option<String>,
    /// The component's digest.
    pub component: Option<String>,
    /// What went wrong.
    pub reason: String,
    /// The parked event that it waits for.
    pub behind: Option<EventId>,
    /// When it was set aside.
    pub at: Millis,
    /// When it was replayed or discarded.
    pub resolved_at: Option<Millis>,
}

/// Which parked things are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParkedFilter {
    /// One tenant's alone.
    pub tenant: Option<TenantId>,
    /// Those resolved too.
    pub resolved: bool,
    /// After this number.
    pub after: i64,
    /// At most so many.
    pub limit: u32,
}

/// What waits again after a replay: the pipeline has to be told, since its cursors are past it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Replayed {
    /// An event of the inbox.
    Event {
        /// Its number.
        seq: i64,
        /// Its registration.
        registration: RegistrationId,
        /// Its room.
        room_id: Option<RoomId>,
    },
    /// A delivery.
    Delivery {
        /// Its number.
        id: i64,
        /// Its tenant.
        tenant: TenantId,
        /// Its conversation.
        conversation: ConversationId,
        /// Its adapter.
        adapter: AdapterName,
    },
    /// A Matrix action.
    Action {
        /// Its number.
        id: i64,
        /// Its registration.
        registration: RegistrationId,
        /// Its room.
        room_id: RoomId,
    },
    /// A webhook.
    Hook {
        /// Its number.
        id: i64,
    },
    /// An entry of a CRM's news.
    Entry {
        /// Its number.
        id: i64,
    },
}
