//! Which ticket a delivery goes to. It is decided before the first step leaves, and stays so in every attempt for as long
//! as any step is known: an effect whose fate nobody knows must be looked for where it was sent to, and not be made once
//! more in a ticket that is the better one by now.

use patchbay_storage::{StorageError, Ticket};
use patchbay_types::TicketId;

use crate::{
    delivery::{receipts::Receipts, translate::Translated},
    payload::{DeliveryV1, Place},
    queues::DeliveryLane,
    shared::{ConversationEntry, Shared},
    steps,
};

/// Where a delivery goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Placed {
    /// To this ticket.
    At(Ticket),
    /// To a new one.
    New,
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

/// As it is written down with the steps: the ticket, or nothing for a new one.
type Pinned = Option<TicketId>;

/// All that decides it.
pub(super) struct Choice<'a> {
    pub(super) shared: &'a Shared,
    pub(super) lane: &'a DeliveryLane,
    pub(super) payload: &'a DeliveryV1,
    pub(super) translated: Option<&'a Translated>,
    /// What this turn has done and not committed yet.
    pub(super) before: &'a Receipts,
}

// === impl Choice ===

impl Choice<'_> {
    /// Where it goes, by what was `pinned` where anything was. What is known of the conversation is read anew where it may
    /// be too old.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn choose(
        &self,
        conversation: &mut ConversationEntry,
        pinned: Option<&str>,
    ) -> Result<Placed, StorageError> {
        self.before.apply_to(&mut conversation.tickets);
        // A message that is written has its ticket: only its changes are left.
        let pinned = pinned.filter(|_| self.payload.written.is_none());
        match pinned.and_then(|pinned| serde_json::from_str::<Pinned>(pinned).ok()) {
            Some(None) => return Ok(Placed::New),
            Some(Some(ticket)) => {
                if let Some(ticket) = self.known(conversation, &ticket).await? {
                    return Ok(Placed::At(ticket));
                }
            }
            None => {}
        }
        let placed = place(self.lane, conversation, self.payload, self.translated);
        if matches!(placed, Placed::At(_)) || self.payload.place == Place::Open {
            return Ok(placed);
        }
        // What is cached may have been read before this very lane's last receipt: no second ticket, and no edit that
        // finds nothing, for that.
        conversation.tickets = self.shared.store.tickets(&self.lane.tenant, &self.lane.conversation).await?;
        self.before.apply_to(&mut conversation.tickets);
        Ok(place(self.lane, conversation, self.payload, self.translated))
    }

    async fn known(
        &self,
        conversation: &ConversationEntry,
        ticket: &TicketId,
    ) -> Result<Option<Ticket>, StorageError> {
        let mut all = conversation.tickets.iter();
        let cached = all.find(|known| known.adapter == self.lane.adapter && known.ticket == *ticket);
        if let Some(known) = cached {
            return Ok(Some(known.clone()));
        }
        let known = self.shared.store.ticket(&self.lane.tenant, &self.lane.adapter, ticket).await?;
        Ok(known.filter(|known| known.conversation == self.lane.conversation))
    }
}

// === impl Placed ===

impl Placed {
    /// What is written down with the steps.
    pub(super) fn pin(&self) -> String {
        let ticket: Pinned = match self {
            Self::At(ticket) => Some(ticket.ticket.clone()),
            Self::New | Self::Nowhere(_) => None,
        };
        steps::json(&ticket)
    }
}

fn place(
    lane: &DeliveryLane,
    conversation: &ConversationEntry,
    payload: &DeliveryV1,
    translated: Option<&Translated>,
) -> Placed {
    let ours = || conversation.tickets.iter().filter(|ticket| ticket.adapter == lane.adapter);
    let open = || ours().filter(|ticket| ticket.open).max_by_key(|ticket| ticket.opened_at).cloned();
    let named = |id: &str| ours().find(|ticket| ticket.ticket.as_str() == id).cloned();
    match &payload.place {
        Place::Open => Placed::New,
        Place::ContinueOrOpen => open().map_or(Placed::New, Placed::At),
        Place::IfOpen => open().map_or(Placed::Nowhere("no ticket is open"), Placed::At),
        Place::Ticket(id) if payload.written.is_some() => {
            named(id).map_or(Placed::Nowhere("its ticket is gone"), Placed::At)
        }
        // One that is not known here is gone, or was never committed: its conversation may have another one.
        Place::Ticket(id) => named(id).or_else(open).map_or(Placed::New, Placed::At),
        Place::Only(id) => named(id).map_or(Placed::Nowhere("its ticket is gone"), Placed::At),
        Place::Follow => {
            let target = translated.filter(|translated| !translated.lost);
            let ticket = target.and_then(|translated| translated.ticket.as_deref()).and_then(named);
            ticket.map_or(Placed::Nowhere("what it refers to never got there"), Placed::At)
        }
    }
}
