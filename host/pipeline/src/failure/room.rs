//! The customer's side: a message that has not reached the CRM is told of in the room, once for each outage and
//! conversation.

use patchbay_matrix::Event;
use patchbay_plugin::types::{Audience, Content, Message, Party};
use patchbay_storage::{
    Mark, NewAction, StorageError, Subject, Telling, ToldConversation, WaitingLane, WaitingRoom,
};
use patchbay_types::{ConversationId, EventId, Millis, RegistrationId, RoomId, TenantId};
use serde_json::json;
use tracing::info;

use super::{Policy, policy, tell};
use crate::{
    payload::{Act, DeliveryV1},
    shared::{Shared, lock},
    steps,
};

/// What is younger may be on its way, and keeps no outage open.
pub(super) const ON_ITS_WAY: Millis = 60_000;
/// So many of a lane's first rows are looked at for one that a customer wrote.
const FIRST: u32 = 16;

/// Who is to be told what of.
struct Late<'a> {
    tenant: &'a TenantId,
    place: Place,
    /// The customer's event.
    event: &'a str,
    subject: Subject,
    parked: Option<i64>,
}

/// Where a conversation is.
struct Place {
    conversation: ConversationId,
    registration: RegistrationId,
    room: RoomId,
    thread: Option<EventId>,
}

/// Looks at a lane's first rows for a customer's message that waits for too long.
pub(super) async fn lane(
    shared: &Shared,
    lane: &WaitingLane,
    now: Millis,
    notices: &mut usize,
) -> Result<(), StorageError> {
    let Some(policy) = policy(shared, &lane.tenant) else { return Ok(()) };
    let Some(latest) = policy.latest(now).filter(|latest| lane.since <= *latest) else { return Ok(()) };
    let WaitingLane { tenant, conversation, adapter, first, .. } = lane;
    let rows = shared.store.deliveries_in_lane(tenant, conversation, adapter, first - 1, FIRST).await?;
    let late = rows.iter().find(|row| {
        let message = || DeliveryV1::read(&row.payload).ok().and_then(|payload| payload.message);
        row.created_at <= latest && !row.internal && message().is_some_and(|message| is_customers(&message))
    });
    let Some((row, event)) = late.and_then(|row| Some((row, row.event_id.as_ref()?))) else { return Ok(()) };
    let Some(place) = Place::of(shared, tenant, conversation).await? else { return Ok(()) };
    let subject = Subject::Delivery(row.id);
    let late = Late { tenant, place, event: event.as_str(), subject, parked: None };
    say_late(shared, &policy, late, now, notices).await
}

/// Looks at a room's first events that were not handled yet.
pub(super) async fn unhandled(
    shared: &Shared,
    waiting: &WaitingRoom,
    now: Millis,
    notices: &mut usize,
) -> Result<(), StorageError> {
    let Some(tenant) = &waiting.tenant else { return Ok(()) };
    let Some(policy) = policy(shared, tenant) else { return Ok(()) };
    let Some(latest) = policy.latest(now).filter(|latest| waiting.since <= *latest) else { return Ok(()) };
    let WaitingRoom { registration, room_id, first, .. } = waiting;
    let rows = shared.store.pending_in_room(registration, Some(room_id), first - 1, FIRST).await?;
    for row in rows.iter().filter(|row| row.received_at <= latest) {
        if !policy.is_customers(shared, registration, &row.body) {
            continue;
        }
        let place = Place::of_room(shared, tenant, registration, room_id).await?;
        if shared.store.is_told(tenant, place.conversation.as_str()).await? {
            return Ok(());
        }
        let late = Late { tenant, place, event: &row.key, subject: Subject::Inbox(row.seq), parked: None };
        return say_late(shared, &policy, late, now, notices).await;
    }
    Ok(())
}

/// Tells of what was set aside on its way to a CRM, if it still is.
pub(super) async fn set_aside(
    shared: &Shared,
    id: i64,
    now: Millis,
    notices: &mut usize,
) -> Result<(), StorageError> {
    let Some((parked, _)) = shared.store.parked_one(id).await? else { return Ok(()) };
    let Some(tenant) = parked.tenant.as_ref().filter(|_| parked.resolved_at.is_none()) else {
        return Ok(());
    };
    let Some(policy) = policy(shared, tenant) else { return Ok(()) };
    let Some(event) = &parked.event_id else { return Ok(()) };
    let place = match parked.subject {
        Subject::Delivery(number) => {
            let Some(row) = shared.store.delivery(number).await? else { return Ok(()) };
            let message = DeliveryV1::read(&row.payload).ok().and_then(|payload| payload.message);
            if row.internal || !message.is_some_and(|message| is_customers(&message)) {
                return Ok(());
            }
            Place::of(shared, tenant, &row.conversation).await?
        }
        Subject::Inbox(number) => {
            let Some(row) = shared.store.inbox_event(number).await? else { return Ok(()) };
            let Some(room) = &row.room_id else { return Ok(()) };
            if !policy.is_customers(shared, &row.registration, &row.body) {
                return Ok(());
            }
            Some(Place::of_room(shared, tenant, &row.registration, room).await?)
        }
        _ => None,
    };
    let Some(place) = place else { return Ok(()) };
    let late = Late { tenant, place, event: event.as_str(), subject: parked.subject, parked: Some(id) };
    say_late(shared, &policy, late, now, notices).await
}

/// Nothing of this conversation waits any more.
pub(super) async fn over(
    shared: &Shared,
    told: ToldConversation,
    now: Millis,
    notices: &mut usize,
) -> Result<(), StorageError> {
    let ToldConversation { tenant, conversation, registration, room_id, subject, arrived, .. } = told;
    let text = policy(shared, &tenant).map(|policy| policy.config().arrived.clone());
    let text = text.filter(|text| arrived && !text.is_empty());
    let mut actions = Vec::new();
    if let Some(text) = &text {
        let place = Place::of(shared, &tenant, &conversation).await?;
        let place = place.unwrap_or(Place {
            conversation: conversation.clone(),
            registration,
            room: room_id,
            thread: None,
        });
        // Told at another time, it is another notice.
        let (kind, number) = subject_words(subject);
        let source = format!("arrived:{kind}:{number}:{}", told.at);
        actions.push(place.say(shared, &tenant, text, "arrived", &source));
        *notices -= 1;
        count(&tenant, "arrived");
    }
    let word = if arrived { "arrived" } else { "given up" };
    let trace = vec![steps::host("failure.over", now, word, "nothing of this conversation waits any more")];
    let mark = Mark::Over { conversation };
    let telling = Telling { tenant, at: now, mark, subject, actions, deliveries: Vec::new(), trace };
    tell(shared, telling).await.map(drop)
}

async fn say_late(
    shared: &Shared,
    policy: &Policy,
    late: Late<'_>,
    now: Millis,
    notices: &mut usize,
) -> Result<(), StorageError> {
    let Late { tenant, place, event, subject, parked } = late;
    let text = &policy.config().notice;
    if text.is_empty() || policy.0.people.audience(place.room.as_str()) == Audience::Staff {
        return Ok(());
    }
    let action = place.say(shared, tenant, text, "late", event);
    let why = match parked {
        Some(id) => format!("it is set aside as {id}: the customer is told in the room"),
        None => "it has waited for so long that the customer is told in the room".to_owned(),
    };
    let telling = Telling {
        tenant: tenant.clone(),
        at: now,
        mark: Mark::Late {
            conversation: place.conversation,
            registration: place.registration,
            room_id: place.room,
            parked,
        },
        subject,
        actions: vec![action],
        deliveries: Vec::new(),
        trace: vec![steps::host("failure.notice", now, "told", why)],
    };
    if tell(shared, telling).await? {
        *notices -= 1;
        count(tenant, "late");
        info!(%tenant, event, "a customer was told that a message has not arrived");
    }
    Ok(())
}

fn count(tenant: &TenantId, kind: &'static str) {
    metrics::counter!("patchbay_notices_total", "tenant" => tenant.to_string(), "kind" => kind).increment(1);
}

/// What of a customer's was late.
fn subject_words(subject: Subject) -> (&'static str, i64) {
    match subject {
        Subject::Inbox(number) => ("event", number),
        Subject::Delivery(number)
        | Subject::Action(number)
        | Subject::Hook(number)
        | Subject::Entry(number)
        | Subject::Poll(number)
        | Subject::Transaction(number) => ("delivery", number),
    }
}

/// Something that a customer would miss an answer to.
fn is_customers(message: &Message) -> bool {
    let says = matches!(
        message.content,
        Content::Post(_)
            | Content::Location(_)
            | Content::Edit(_)
            | Content::Unreadable(_)
            | Content::Other(_)
    );
    says && message.author.party == Party::Customer
}

// === impl Policy ===

impl Policy {
    /// What came no later than this is late; none: the customer is never told.
    fn latest(&self, now: Millis) -> Option<Millis> {
        let after = self.config().notice_after.as_millis();
        (after > 0 && !self.config().notice.is_empty()).then(|| now.saturating_sub(after))
    }

    fn is_customers(&self, shared: &Shared, registration: &RegistrationId, body: &str) -> bool {
        let Ok(event) = Event::read(body) else { return false };
        let says = matches!(&*event.kind, "m.room.message" | "m.room.encrypted" | "m.sticker");
        says && !shared.is_ours(registration, &(&*event.sender).into())
            && self.0.people.party(&event.sender) == Party::Customer
    }
}

// === impl Place ===

impl Place {
    async fn of(
        shared: &Shared,
        tenant: &TenantId,
        conversation: &ConversationId,
    ) -> Result<Option<Self>, StorageError> {
        let Some(entry) = shared.conversation(tenant, conversation).await? else { return Ok(None) };
        let row = lock(&entry).row.clone();
        let conversation = row.id;
        Ok(Some(Self {
            conversation,
            registration: row.registration,
            room: row.room_id,
            thread: row.thread_root,
        }))
    }

    /// The room's own conversation, or what it would be called.
    async fn of_room(
        shared: &Shared,
        tenant: &TenantId,
        registration: &RegistrationId,
        room: &RoomId,
    ) -> Result<Self, StorageError> {
        let known = shared.store.conversation_of_room(tenant, registration, room, None).await?;
        let conversation = known.map_or_else(|| room.as_str().into(), |row| row.id);
        Ok(Self { conversation, registration: registration.clone(), room: room.clone(), thread: None })
    }

    fn say(&self, shared: &Shared, tenant: &TenantId, text: &str, teller: &str, source: &str) -> NewAction {
        let mut content = json!({ "msgtype": "m.notice", "body": text, "m.mentions": {} });
        if let (Some(root), Some(content)) = (&self.thread, content.as_object_mut()) {
            let relation = json!({
                "rel_type": "m.thread", "event_id": root.as_str(), "is_falling_back": true,
                "m.in_reply_to": { "event_id": root.as_str() },
            });
            content.insert("m.relates_to".to_owned(), relation);
        }
        let act = Act::Send { event_type: "m.room.message".to_owned(), content: content.to_string() };
        shared.new_action(tenant, (&self.registration, &self.room), (teller, source, 0), None, act)
    }
}
