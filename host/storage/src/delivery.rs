//! Deliveries: what is to reach a CRM, and what came of it. A delivery is also the link from an event to the CRM's own
//! identifiers.

use patchbay_types::{AdapterName, ConversationId, EventId, Millis, TenantId, TicketId};
use serde::{Deserialize, Serialize};

use crate::{action::NewAction, desk::DeskWrite, kv::KvWrite, parked::Park, trace::Trace};

/// A delivery to be stored. Its lane is (tenant, conversation, adapter), its place there its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// From [`crate::Store::next_delivery_id`].
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The adapter that delivers.
    pub adapter: AdapterName,
    /// The event it came from.
    pub event_id: Option<EventId>,
    /// The ticket, where it is known already.
    pub ticket: Option<TicketId>,
    /// Agents alone see it.
    pub internal: bool,
    /// What to deliver, as the pipeline's own versioned JSON.
    pub payload: String,
    /// Not before; 0 is at once.
    pub not_before: Millis,
    /// The generation that decided it.
    pub generation: i64,
}

/// A delivery as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The adapter that delivers.
    pub adapter: AdapterName,
    /// The inbox event it came from.
    pub inbox_seq: Option<i64>,
    /// The Matrix event it came from.
    pub event_id: Option<EventId>,
    /// The ticket, where it is known.
    pub ticket: Option<TicketId>,
    /// Agents alone see it.
    pub internal: bool,
    /// What to deliver; empty once it was pruned.
    pub payload: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempt: u32,
    /// Not before.
    pub not_before: Millis,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The CRM's identifiers of what was written, the text first.
    pub parts: Vec<String>,
    /// The generation that decided it.
    pub generation: i64,
    /// When it was decided.
    pub created_at: Millis,
    /// When it left the lane.
    pub done_at: Option<Millis>,
    /// It was parked, and is replayed after later ones.
    pub late: bool,
}

/// Where a delivery or an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// It waits for its turn or its time.
    Pending = 0,
    /// The target took it.
    Done = 1,
    /// The target will never take it as it is: parked.
    Dead = 2,
    /// Nothing was to be done after all.
    Dropped = 3,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The delivery's number.
    pub id: i64,
    /// The delivery's tenant.
    pub tenant: TenantId,
    /// The delivery's Matrix event.
    pub event_id: Option<EventId>,
    /// When.
    pub at: Millis,
    /// Which attempt this was; the first is 1.
    pub attempt: u32,
    /// What came of it.
    pub outcome: DeliveryOutcome,
    /// What got there, where that is less than all of it.
    pub written: Option<Written>,
    /// What is left to be delivered then, as the payload that takes the old one's place.
    pub rest: Option<String>,
    /// Tickets that were opened or changed.
    pub tickets: Vec<TicketChange>,
    /// People whose identifier in the CRM was learnt.
    pub persons: Vec<PersonRemote>,
    /// What the embedded desk is to hold.
    pub desk: Vec<DeskWrite>,
    /// The plugin's own small state.
    pub kv: Vec<KvWrite>,
    /// What it did outside is settled with this: its steps are not asked for again.
    pub settled: bool,
    /// What is to be said in Matrix because of it.
    pub actions: Vec<NewAction>,
    /// How it came to this.
    pub trace: Trace,
}

/// What a target took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The ticket it went to.
    pub ticket: Option<TicketId>,
    /// The CRM's identifiers of it, the text first.
    pub parts: Vec<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It is there.
    Done {
        /// The ticket it went to.
        ticket: Option<TicketId>,
        /// The CRM's identifiers of what was written, the text first.
        parts: Vec<String>,
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

/// A ticket that a conversation has with an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whose it is.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The adapter.
    pub adapter: AdapterName,
    /// The adapter's own identifier.
    pub ticket: TicketId,
    /// Where an agent opens it in a browser.
    pub url: Option<String>,
    /// The contract's word for its status.
    pub status: String,
    /// The queue, as JSON.
    pub queue: Option<String>,
    /// The assignee, as JSON.
    pub assignee: Option<String>,
    /// When it was opened.
    pub opened_at: Millis,
    /// When something last happened in it.
    pub last_activity_at: Millis,
    /// Messages may still be appended.
    pub open: bool,
}

/// A ticket's row as somebody wants it. A delivery and an agent's news may change the same ticket at the same time, so
/// only what differs from the row that the change was made of is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketChange {
    /// The row that it was made of; none: the ticket is new.
    pub was: Option<Ticket>,
    /// The row as it should be.
    pub ticket: Ticket,
}

/// A person's identifier in a CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRemote {
    /// The tenant.
    pub tenant: TenantId,
    /// The adapter.
    pub adapter: AdapterName,
    /// The person, as every plugin of the tenant knows them.
    pub person: String,
    /// The CRM's own identifier; none forgets it.
    pub remote: Option<String>,
}

// === impl Ticket ===

impl Ticket {
    /// Whether both are rows of the same ticket.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.tenant, &self.conversation, &self.adapter, &self.ticket)
            == (&other.tenant, &other.conversation, &other.adapter, &other.ticket)
    }
}

// === impl DeliveryResult ===

impl DeliveryResult {
    /// About how many bytes of it are written, besides its trace.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let desk = self.desk.iter().map(DeskWrite::bytes).sum::<usize>();
        let kv = self.kv.iter().map(|write| write.key.len() + write.value.as_ref().map_or(0, Vec::len));
        let rest = self.rest.as_ref().map_or(0, String::len);
        let actions = self.actions.iter().map(|action| action.payload.len());
        desk + kv.sum::<usize>() + rest + actions.sum::<usize>()
    }
}

// === impl TicketChange ===

impl TicketChange {
    /// A ticket that was just opened.
    #[must_use]
    pub fn opened(ticket: Ticket) -> Self {
        Self { was: None, ticket }
    }

    /// Carries the change over to a conversation's tickets as they are now.
    pub fn apply_among(&self, tickets: &mut Vec<Ticket>) {
        match tickets.iter_mut().find(|known| known.is_same(&self.ticket)) {
            Some(known) => self.apply_to(known),
            None => tickets.push(self.ticket.clone()),
        }
    }

    /// Carries the change over to the row as it is now.
    pub fn apply_to(&self, now: &mut Ticket) {
        fn carry<T: Clone + PartialEq>(now: &mut T, was: Option<&T>, wanted: &T) {
            if was != Some(wanted) {
                now.clone_from(wanted);
            }
        }
        let (was, wanted) = (self.was.as_ref(), &self.ticket);
        carry(&mut now.url, was.map(|was| &was.url), &wanted.url);
        carry(&mut now.status, was.map(|was| &was.status), &wanted.status);
        carry(&mut now.open, was.map(|was| &was.open), &wanted.open);
        carry(&mut now.queue, was.map(|was| &was.queue), &wanted.queue);
        carry(&mut now.assignee, was.map(|was| &was.assignee), &wanted.assignee);
        now.last_activity_at = now.last_activity_at.max(wanted.last_activity_at);
    }
}

// === impl DeliveryState ===

impl DeliveryState {
    pub(crate) fn from_column(state: i64) -> Option<Self> {
        Some(match state {
            0 => Self::Pending,
            1 => Self::Done,
            2 => Self::Dead,
            3 => Self::Dropped,
            _ => return None,
        })
    }
}
