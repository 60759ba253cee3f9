//! From a message to its routes: the conversation that it belongs to, the router's decision, and what the host checks
//! of it. Edits, removals and reactions follow their target without asking the router.

use std::collections::BTreeSet;

use patchbay_matrix::Event;
use patchbay_plugin::{mapping, routing, types};
use patchbay_storage::{Conversation, NewDelivery, Park, Ticket};
use patchbay_types::{AdapterName, ConversationId, EventId, tenant::ConversationScope};

use crate::{
    event::{Incoming, Stop},
    fault::{Called, Verdict},
    media,
    payload::{Act, DeliveryV1, Place},
    shared::lock,
    steps,
};

/// Bounds of one decision.
const ROUTES: usize = 16;
const LABELS: usize = 64;
const REPLIES: usize = 8;

/// Routes one message.
pub(crate) async fn route(incoming: &mut Incoming<'_>, said: mapping::Said) -> Result<(), Stop> {
    let message = said.message;
    behind_parked(incoming, &message)?;
    match target(&message.content) {
        Some(target) => follow(incoming, target.clone(), message).await,
        None => ask(incoming, said.conversation, message).await,
    }
}

/// What a message refers to parks behind it.
fn behind_parked(incoming: &Incoming<'_>, message: &types::Message) -> Result<(), Stop> {
    let refers = target(&message.content).into_iter().flatten().chain(&message.reply_to);
    for id in refers {
        let event = EventId::from(id.as_str());
        if incoming.shared.is_parked(&incoming.lane.tenant, &event) {
            let reason = format!("it refers to {id}, which is parked");
            return Err(Stop::Park(Park { reason, behind: Some(event), ..Park::default() }));
        }
    }
    Ok(())
}

/// The earlier message that this one changes.
fn target(content: &types::Content) -> Option<&types::Target> {
    match content {
        types::Content::Edit(edit) => Some(&edit.target),
        types::Content::Removal(target) => Some(target),
        types::Content::Reaction(reaction) => Some(&reaction.target),
        _ => None,
    }
}

/// Where the target went, this goes too.
async fn follow(
    incoming: &mut Incoming<'_>,
    target: types::Target,
    message: types::Message,
) -> Result<(), Stop> {
    let mut followed = BTreeSet::new();
    for id in &target {
        may_change(incoming, id, &message.content).await?;
        let event = EventId::from(id.as_str());
        let routed = match incoming.undecided.routed(&event) {
            Some(routed) => routed.to_vec(),
            None => incoming.shared.routed(&incoming.lane.tenant, &event).await?.to_vec(),
        };
        for to in &routed {
            if followed.insert((to.adapter.clone(), to.conversation.clone())) {
                let withheld = media::sealed(incoming.event.content);
                let payload =
                    DeliveryV1 { withheld, ..DeliveryV1::new(Place::Follow, Some(message.clone())) };
                let delivery = delivery(incoming, &to.adapter, &to.conversation, to.internal, None, payload);
                incoming.deliver(delivery);
            }
        }
    }
    if followed.is_empty() {
        return Err(Stop::Ignore("what it refers to went nowhere".to_owned()));
    }
    Ok(())
}

/// Homeservers leave it to whoever reads an edit to see that it is the author's own, and of the same room.
async fn may_change(incoming: &Incoming<'_>, id: &str, content: &types::Content) -> Result<(), Stop> {
    let body = incoming.shared.event(&incoming.lane.registration, id).await?;
    let target = body.as_deref().and_then(|body| Event::read(body).ok());
    let edit = matches!(content, types::Content::Edit(_));
    let refused = match target {
        Some(target) if *target.room_id != *incoming.event.room_id => "what it refers to is of another room",
        Some(target) if edit && *target.sender != *incoming.event.sender => "an edit by somebody else",
        None if edit => "what it edits is not here any more: whose it was cannot be told",
        _ => return Ok(()),
    };
    Err(Stop::Ignore(refused.to_owned()))
}

async fn ask(
    incoming: &mut Incoming<'_>,
    suggested: Option<String>,
    message: types::Message,
) -> Result<(), Stop> {
    let (mut row, tickets) = conversation(incoming, suggested, &message).await?;
    row.message_count = row.message_count.saturating_add(1);
    row.last_at = incoming.now;
    if row.customer.is_none() && message.author.party == types::Party::Customer {
        row.customer = Some(steps::json(&message.author));
    }
    let shown = shown(incoming, &row, &tickets).await?;
    let decision = decide(incoming, &message, &shown)?;
    check(incoming, &decision, &tickets)?;

    let staff = shown.room.audience == types::Audience::Staff;
    let labels: Vec<&String> = decision.labels.iter().take(LABELS).collect();
    row.labels = steps::json(&labels);
    for reply in decision.replies.into_iter().take(REPLIES) {
        incoming.act(None, Act::Send { event_type: "m.room.message".to_owned(), content: notice(&reply) });
    }
    for route in decision.routes {
        let nothing = route.placement == routing::Placement::Nothing;
        let ticket = match &route.placement {
            routing::Placement::AppendTo(ticket) => Some(ticket.clone()),
            _ => None,
        };
        let message = (!nothing).then(|| message.clone());
        let new = DeliveryV1::new(route.placement.into(), message);
        let withheld = media::sealed(incoming.event.content);
        let payload = DeliveryV1 { initial: route.initial, changes: route.changes, withheld, ..new };
        let adapter = AdapterName::from(route.adapter);
        let delivery = delivery(incoming, &adapter, &row.id, route.internal || staff, ticket, payload);
        incoming.deliver(delivery);
    }
    incoming.decision.conversation = Some(row);
    Ok(())
}

/// The conversation that exists for this room or thread wins over what the mapper suggests.
async fn conversation(
    incoming: &Incoming<'_>,
    suggested: Option<String>,
    message: &types::Message,
) -> Result<(Conversation, Vec<Ticket>), Stop> {
    let lane = incoming.lane;
    let thread = match incoming.view.chain.config.rooms.conversation {
        ConversationScope::Room => None,
        ConversationScope::Thread => message.thread.first(),
    };
    let thread = thread.map(|root| EventId::from(root.as_str()));
    let id = match &thread {
        None => ConversationId::from(lane.room.as_str()),
        Some(root) => ConversationId::from(format!("{}/{root}", lane.room)),
    };
    let linked = incoming.shared.store.conversation_of_room(
        &lane.tenant,
        &lane.registration,
        &lane.room,
        thread.as_ref(),
    );
    if let Some(known) = known(incoming, &id).await? {
        return Ok(known);
    }
    if let Some(row) = incoming.undecided.conversation_of(thread.as_ref()) {
        return Ok((row.clone(), Vec::new()));
    }
    if let Some(row) = linked.await?
        && let Some(known) = known(incoming, &row.id).await?
    {
        return Ok(known);
    }
    let mut suggested =
        suggested.filter(|name| !name.is_empty() && name.len() <= 255).map(ConversationId::from);
    if let Some(name) = &suggested {
        let place = (lane.registration.clone(), lane.room.clone(), thread.clone());
        let taken = incoming.shared.conversation(&lane.tenant, name).await?.is_some();
        if taken || incoming.shared.name(&lane.tenant, name, &place) != place {
            // It is another room's or thread's, or this one's link would have been found: a name takes nothing over.
            suggested = None;
        }
    }
    let row = Conversation {
        tenant: lane.tenant.clone(),
        id: suggested.unwrap_or(id),
        registration: lane.registration.clone(),
        room_id: lane.room.clone(),
        thread_root: thread,
        labels: "[]".to_owned(),
        customer: None,
        message_count: 0,
        last_at: incoming.now,
    };
    Ok((row, Vec::new()))
}

/// A conversation as this turn has left it, with the tickets that it is committed to have.
async fn known(
    incoming: &Incoming<'_>,
    id: &ConversationId,
) -> Result<Option<(Conversation, Vec<Ticket>)>, Stop> {
    let committed = incoming.shared.conversation(&incoming.lane.tenant, id).await?;
    let committed = committed.map(|entry| lock(&entry).clone());
    let changed = incoming.undecided.conversation(id).cloned();
    Ok(match (changed, committed) {
        (Some(row), committed) => Some((row, committed.map(|entry| entry.tickets).unwrap_or_default())),
        (None, committed) => committed.map(|entry| (entry.row, entry.tickets)),
    })
}

/// The conversation as the router sees it.
async fn shown(
    incoming: &Incoming<'_>,
    row: &Conversation,
    tickets: &[Ticket],
) -> Result<routing::Conversation, Stop> {
    let entry = incoming.shared.room(&incoming.lane.registration, &incoming.lane.room).await?;
    let entry = lock(&entry);
    let people = &incoming.view.people;
    let room = entry.state.shown(
        incoming.lane.room.as_str(),
        Some(row.id.as_str()),
        people.audience(incoming.lane.room.as_str()),
        |user| people.person(user, &entry.state),
        |user| incoming.is_ours(user),
    );
    Ok(routing::Conversation {
        id: row.id.to_string(),
        room,
        customer: row.customer.as_deref().and_then(|json| serde_json::from_str(json).ok()),
        open_tickets: tickets.iter().filter(|ticket| ticket.open).map(open_ticket).collect(),
        message_count: row.message_count,
        labels: serde_json::from_str(&row.labels).unwrap_or_default(),
    })
}

fn open_ticket(ticket: &Ticket) -> routing::OpenTicket {
    let named = |json: &Option<String>| json.as_deref().and_then(|json| serde_json::from_str(json).ok());
    routing::OpenTicket {
        adapter: ticket.adapter.to_string(),
        ticket: types::Ticket { id: ticket.ticket.to_string(), url: ticket.url.clone() },
        status: crate::tickets::status(&ticket.status),
        queue: named(&ticket.queue),
        assignee: named(&ticket.assignee),
        opened_at: ticket.opened_at,
        last_activity_at: ticket.last_activity_at,
    }
}

fn decide(
    incoming: &mut Incoming<'_>,
    message: &types::Message,
    conversation: &routing::Conversation,
) -> Result<routing::Decision, Stop> {
    let chain = &incoming.view.chain;
    let mut caller = incoming.caller.clone();
    caller.slot = chain.router.name.clone();
    let now = incoming.now;
    let input = steps::json(&(message, conversation, now));
    let called = Called { chain, slot: &chain.router, caller: &caller, name: "router.decide" };
    let verdict = called.run(
        &incoming.shared.breakers,
        &*incoming.shared.clock,
        &mut incoming.decision.trace,
        &input,
        |plugin| plugin.decide(&caller, message, conversation, now),
    );
    match verdict {
        Verdict::Value(decision) => Ok(decision),
        Verdict::Skip(why) => Err(Stop::Ignore(why)),
        Verdict::Park(park) => Err(Stop::Park(park)),
        Verdict::Hold(until) => Err(Stop::Hold(until)),
    }
}

/// A router may name only what is its tenant's: adapters of the chain, open tickets of this conversation.
fn check(incoming: &Incoming<'_>, decision: &routing::Decision, tickets: &[Ticket]) -> Result<(), Stop> {
    let chain = &incoming.view.chain;
    let wrong = if decision.routes.len() > ROUTES {
        Some(format!("the router named {} routes; {ROUTES} are the most", decision.routes.len()))
    } else {
        decision.routes.iter().find_map(|route| {
            if !chain.adapters.contains_key(route.adapter.as_str()) {
                return Some(format!(
                    "the router named the adapter `{}`, which this tenant does not have",
                    route.adapter
                ));
            }
            let routing::Placement::AppendTo(ticket) = &route.placement else { return None };
            let known =
                tickets.iter().any(|t| t.ticket.as_str() == ticket && t.adapter.as_str() == route.adapter);
            (!known)
                .then(|| format!("the router named the ticket `{ticket}`, which is not this conversation's"))
        })
    };
    let Some(reason) = wrong else { return Ok(()) };
    tracing::warn!(tenant = %incoming.lane.tenant, slot = "router", component = %chain.router.plugin.digest(),
        event = %incoming.event.event_id, %reason, "parked: the answer is refused");
    metrics::counter!("patchbay_answers_refused_total", "tenant" => incoming.lane.tenant.to_string(), "slot" => "router")
        .increment(1);
    Err(Stop::Park(Park {
        slot: Some(chain.router.name.to_string()),
        component: Some(chain.router.plugin.digest().to_string()),
        reason,
        behind: None,
    }))
}

fn delivery(
    incoming: &Incoming<'_>,
    adapter: &AdapterName,
    conversation: &ConversationId,
    internal: bool,
    ticket: Option<String>,
    mut payload: DeliveryV1,
) -> NewDelivery {
    let id = incoming.shared.store.next_delivery_id();
    // A route's place among the decision's routes, not the row's number: a decision made again after a crash must
    // come to the same key.
    let ordinal = incoming.decision.deliveries.len();
    payload.key = crate::keys::delivery(&incoming.lane.tenant, adapter, &incoming.event.event_id, ordinal);
    NewDelivery {
        id,
        tenant: incoming.lane.tenant.clone(),
        conversation: conversation.clone(),
        adapter: adapter.clone(),
        event_id: incoming.decision.event_id.clone(),
        ticket: ticket.map(Into::into),
        internal,
        payload: payload.to_json(),
        not_before: 0,
        generation: i64::try_from(incoming.view.chain.generation).unwrap_or(i64::MAX),
    }
}

/// A reply of the bot: a notice, so that no other bot answers it.
fn notice(text: &types::Text) -> String {
    let mut content = serde_json::json!({ "msgtype": "m.notice", "body": text.plain, "m.mentions": {} });
    if let (Some(html), Some(content)) = (&text.html, content.as_object_mut()) {
        content.insert("format".to_owned(), "org.matrix.custom.html".into());
        content.insert("formatted_body".to_owned(), crate::html::sanitised(html).into());
    }
    content.to_string()
}
