//! A CRM begins a conversation: who its people are in Matrix, the room that they have or are to have, and its link to the
//! ticket. What is said in that ticket from now on goes there, and what the customer answers goes to the ticket.
//!
//! A room is made before anything is committed, under an alias that follows from the ticket: whatever crashes in between,
//! the next attempt finds the room by it. All else that a room needs is one action in the room's own lane, which comes
//! before the first message and may be done again.

mod choose;
mod make;
mod plan;
mod seats;

use patchbay_plugin::types::{self, Opening};
use patchbay_storage::{Conversation, Entry, EntryResult, Origin, Park, Room, Ticket, TicketChange, Trace};
use patchbay_types::{ConversationId, RegistrationId, RoomId};

use self::{make::Made, seats::Seats};
use super::entry::Stop;
use crate::{
    payload::{Act, Arrangement},
    shared::{ConversationEntry, Shared, View, lock},
    steps,
};

/// So often a room is tried to be made: over some hours.
const ATTEMPTS: u32 = 20;

/// One opening in the making.
struct Begin<'a> {
    shared: &'a Shared,
    view: &'a View,
    entry: &'a Entry,
}

/// Opens a conversation for a ticket that has none.
pub(super) async fn first(
    shared: &Shared,
    view: &View,
    entry: &Entry,
    opening: Opening,
    result: &mut EntryResult,
) -> Result<(), Stop> {
    let begin = Begin { shared, view, entry };
    let seats = begin.seats(&opening).await?;
    if let Some(row) = begin.choose(&seats).await? {
        result.trace.push(steps::host("room", result.at, "used", row.room_id.as_str()));
        result.tickets.push(begin.link(&row.id, result));
        return Ok(());
    }
    let registration = begin.registration(&seats)?;
    let wanted = {
        let _thread = shared.compute(&entry.tenant).await;
        begin.plan(&seats.shown(opening), None, &registration, &mut result.trace)?
    };
    begin.is_invited(&seats, &wanted)?;
    let made = match begin.make(&registration, &wanted).await {
        Err(Stop::Later(why)) if entry.attempt + 1 >= ATTEMPTS => return Err(begin.park(why)),
        made => made?,
    };
    begin.begin(&registration, made, &seats, wanted, result).await
}

/// A ticket that has its conversation is opened again: a room that is ours alone is made what it should be now.
pub(super) async fn again(
    shared: &Shared,
    view: &View,
    entry: &Entry,
    (conversation, ticket): (&ConversationEntry, &Ticket),
    opening: Opening,
    (result, trace): (&mut EntryResult, &mut Trace),
) -> Result<(), Stop> {
    let begin = Begin { shared, view, entry };
    let row = &conversation.row;
    let room = shared.room(&row.registration, &row.room_id).await?;
    let others = conversation.tickets.iter().any(|other| other.open && !other.is_same(ticket));
    let shown = {
        let room = lock(&room);
        if room.decided_by != Room::MADE || others {
            return Err(Stop::Ignore("its room is there, and not this ticket's alone to change".to_owned()));
        }
        let people = &view.people;
        let audience = people.audience(row.room_id.as_str());
        let person = |user: &str| people.person(user, &room.state);
        let ours = |user: &str| shared.is_ours(&row.registration, &user.into());
        room.state.shown(row.room_id.as_str(), Some(row.id.as_str()), audience, person, ours)
    };
    let seats = begin.seats(&opening).await?;
    let wanted = {
        let _thread = shared.compute(&entry.tenant).await;
        begin.plan(&seats.shown(opening), Some(&shown), &row.registration, trace)?
    };
    begin.arrange((&row.registration, &row.room_id), &row.id, wanted, result);
    Ok(())
}

// === impl Begin ===

impl Begin<'_> {
    /// The rows of a conversation that begins in a room which was just made.
    async fn begin(
        &self,
        registration: &RegistrationId,
        made: Made,
        seats: &Seats,
        wanted: Arrangement,
        result: &mut EntryResult,
    ) -> Result<(), Stop> {
        let tenant = &self.entry.tenant;
        let id = ConversationId::from(made.room.as_str());
        let entry = self.shared.room(registration, &made.room).await?;
        {
            let mut entry = lock(&entry);
            entry.tenant = Some(tenant.clone());
            entry.decided_by = Room::MADE.to_owned();
            for (kind, state_key, content) in &made.state {
                entry.state.apply(kind, state_key, content);
            }
            result.room = Some(Shared::room_row(registration, &made.room, &entry));
        }
        let known = self.shared.conversation(tenant, &id).await?;
        if known.is_none() {
            result.conversation = Some(Conversation {
                tenant: tenant.clone(),
                id: id.clone(),
                registration: registration.clone(),
                room_id: made.room.clone(),
                thread_root: None,
                labels: "[]".to_owned(),
                customer: seats.customer().map(steps::json::<types::Person>),
                message_count: 0,
                last_at: result.at,
            });
        }
        result.trace.push(steps::host("room", result.at, "made", made.room.as_str()));
        result.tickets.push(self.link(&id, result));
        self.arrange((registration, &made.room), &id, wanted, result);
        Ok(())
    }

    fn link(&self, conversation: &ConversationId, result: &EntryResult) -> TicketChange {
        TicketChange::opened(Ticket {
            tenant: self.entry.tenant.clone(),
            conversation: conversation.clone(),
            adapter: self.entry.adapter.clone(),
            ticket: self.entry.ticket.clone(),
            url: None,
            status: "open".to_owned(),
            queue: None,
            assignee: None,
            opened_at: result.at,
            last_activity_at: result.at,
            open: true,
        })
    }

    fn arrange(
        &self,
        (registration, room): (&RegistrationId, &RoomId),
        conversation: &ConversationId,
        wanted: Arrangement,
        result: &mut EntryResult,
    ) {
        let Entry { tenant, adapter, entry_id, ticket, .. } = self.entry;
        let cause = (adapter.as_str(), entry_id.as_str(), 0);
        let mut action =
            self.shared.new_action(tenant, (registration, room), cause, None, Act::Arrange(wanted));
        action.origin = Some(Origin {
            adapter: adapter.clone(),
            conversation: conversation.clone(),
            ticket: Some(ticket.clone()),
            part: None,
        });
        result.actions.push(action);
    }

    fn park(&self, reason: impl Into<String>) -> Stop {
        let slot = Some(format!("adapters.{}", self.entry.adapter));
        Stop::Park(Park { slot, reason: reason.into(), ..Park::default() })
    }
}
