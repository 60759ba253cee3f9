//! The agents' side: a message that has not reached the room is told of in its ticket, by an internal note, once for each
//! message. The note is a delivery like any other, but for its author: of a note that fails nobody is told, or notes
//! would breed.

use patchbay_storage::{
    Action, DeliveryState, Mark, NewDelivery, OpenNote, Parked, StorageError, Subject, Telling,
};
use patchbay_types::{AdapterName, ConversationId, Millis, TenantId, TicketId};
use tracing::info;

use super::{policy, tell, words};
use crate::{
    keys,
    payload::{DeliveryV1, Place},
    shared::{Shared, View},
    steps,
};

/// The ticket of an agent's message.
struct Ticketed<'a> {
    tenant: &'a TenantId,
    adapter: &'a AdapterName,
    conversation: &'a ConversationId,
    ticket: &'a TicketId,
    /// The entry that told the message.
    source: &'a str,
}

/// Tells of what was set aside on its way to the room.
pub(super) async fn set_aside(
    shared: &Shared,
    view: &View,
    parked: &Parked,
    now: Millis,
    notes: &mut usize,
) -> Result<(), StorageError> {
    match parked.subject {
        Subject::Action(id) => {
            let Some(action) = shared.store.action(id).await? else { return Ok(()) };
            if action.state != DeliveryState::Dead {
                return Ok(());
            }
            told(shared, view, &action, (Some(&parked.reason), true), now, notes).await
        }
        Subject::Entry(id) => {
            let Some(entry) = shared.store.entry(id).await? else { return Ok(()) };
            // What the adapter told of a ticket that nobody knows has no ticket to be told in.
            let Some(ticket) = shared.store.ticket(&entry.tenant, &entry.adapter, &entry.ticket).await?
            else {
                return Ok(());
            };
            if !is_message(&entry.body) {
                return Ok(());
            }
            let ticketed = Ticketed {
                tenant: &entry.tenant,
                adapter: &entry.adapter,
                conversation: &ticket.conversation,
                ticket: &ticket.ticket,
                source: &entry.entry_id,
            };
            let plain = words::undelivered(Some(&parked.reason), true, None);
            ticketed.note(shared, view, parked.subject, plain, now, notes).await
        }
        _ => Ok(()),
    }
}

/// Tells of an action that waits, if it still does.
pub(super) async fn waits(
    shared: &Shared,
    id: i64,
    now: Millis,
    notes: &mut usize,
) -> Result<(), StorageError> {
    let Some(action) = shared.store.action(id).await? else { return Ok(()) };
    let Some(view) = policy(shared, &action.tenant) else { return Ok(()) };
    if action.state != DeliveryState::Pending {
        return Ok(());
    }
    told(shared, &view.0, &action, (action.last_error.as_deref(), false), now, notes).await
}

/// Settles a note whose message has arrived, or never will.
pub(super) async fn settle(
    shared: &Shared,
    note: OpenNote,
    now: Millis,
    notes: &mut usize,
) -> Result<(), StorageError> {
    let arrived = match note.state {
        Some(DeliveryState::Pending | DeliveryState::Dead) => return Ok(()),
        Some(DeliveryState::Done) => true,
        Some(DeliveryState::Dropped) | None => false,
    };
    let OpenNote { id, tenant, adapter, source, subject, .. } = note;
    let mut deliveries = Vec::new();
    let of = if arrived { shared.store.actions_of(&tenant, &source).await? } else { Vec::new() };
    let shown =
        of.iter().find(|action| action.origin.as_ref().is_some_and(|origin| origin.adapter == adapter));
    if let Some((action, ticketed)) = shown.and_then(|action| Some((action, Ticketed::of(action)?)))
        && let Some(view) = policy(shared, &tenant)
    {
        let quote = words::quoted(&action.payload);
        deliveries.push(ticketed.delivery(shared, &view.0, words::arrived(quote.as_deref()), 1, now));
        *notes -= 1;
        count(&tenant, &adapter, "arrived");
    }
    let word = if arrived { "arrived" } else { "given up" };
    let trace = vec![steps::host("failure.note", now, word, "its ticket was told that it had not arrived")];
    let mark = Mark::Settled { note: id };
    let telling = Telling { tenant, at: now, mark, subject, actions: Vec::new(), deliveries, trace };
    tell(shared, telling).await.map(drop)
}

async fn told(
    shared: &Shared,
    view: &View,
    action: &Action,
    (reason, aside): (Option<&str>, bool),
    now: Millis,
    notes: &mut usize,
) -> Result<(), StorageError> {
    let Some(ticketed) = Ticketed::of(action) else { return Ok(()) };
    let Some(quote) = words::quoted(&action.payload) else { return Ok(()) };
    let plain = words::undelivered(reason, aside, Some(&quote));
    ticketed.note(shared, view, Subject::Action(action.id), plain, now, notes).await
}

/// Whether an entry tells a message that is for the customer.
fn is_message(body: &str) -> bool {
    let entry = serde_json::from_str::<patchbay_plugin::types::Entry>(body);
    entry.is_ok_and(|entry| matches!(entry.news, patchbay_plugin::types::News::Message(_)))
}

fn count(tenant: &TenantId, adapter: &AdapterName, kind: &'static str) {
    metrics::counter!("patchbay_notes_total", "tenant" => tenant.to_string(), "adapter" => adapter.to_string(),
        "kind" => kind)
    .increment(1);
}

// === impl Ticketed ===

impl<'a> Ticketed<'a> {
    /// None: it shows no message, or of no ticket.
    fn of(action: &'a Action) -> Option<Self> {
        let origin = action.origin.as_ref().filter(|origin| origin.part.is_some())?;
        Some(Self {
            tenant: &action.tenant,
            adapter: &origin.adapter,
            conversation: &origin.conversation,
            ticket: origin.ticket.as_ref()?,
            source: &action.source,
        })
    }

    async fn note(
        &self,
        shared: &Shared,
        view: &View,
        subject: Subject,
        plain: String,
        now: Millis,
        notes: &mut usize,
    ) -> Result<(), StorageError> {
        let delivery = self.delivery(shared, view, plain, 0, now);
        let why = format!("its ticket {} is told that it may not have arrived", self.ticket);
        let telling = Telling {
            tenant: self.tenant.clone(),
            at: now,
            mark: Mark::Noted { adapter: self.adapter.clone(), source: self.source.to_owned() },
            subject,
            actions: Vec::new(),
            deliveries: vec![delivery],
            trace: vec![steps::host("failure.note", now, "told", why)],
        };
        if tell(shared, telling).await? {
            *notes -= 1;
            count(self.tenant, self.adapter, "late");
            info!(tenant = %self.tenant, adapter = %self.adapter, entry = self.source,
                "a ticket was told that a message may not have arrived");
        }
        Ok(())
    }

    /// A delivery without an event, to this ticket and no other.
    fn delivery(
        &self,
        shared: &Shared,
        view: &View,
        plain: String,
        ordinal: usize,
        now: Millis,
    ) -> NewDelivery {
        let cause = format!("note\u{1f}{}", self.source);
        let key = keys::delivery(self.tenant, self.adapter, &cause, ordinal);
        let message = words::note(format!("patchbay:{key}"), plain, now);
        let payload =
            DeliveryV1 { key, ..DeliveryV1::new(Place::Only(self.ticket.to_string()), Some(message)) };
        NewDelivery {
            id: shared.store.next_delivery_id(),
            tenant: self.tenant.clone(),
            conversation: self.conversation.clone(),
            adapter: self.adapter.clone(),
            event_id: None,
            ticket: Some(self.ticket.clone()),
            internal: true,
            payload: payload.to_json(),
            not_before: 0,
            generation: i64::try_from(view.chain.generation).unwrap_or(i64::MAX),
        }
    }
}
