//! One attempt at one delivery: who, where, in whose words, with which generation.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use patchbay_plugin::{CallError, Caller, Plugin, Ports, adapter, types};
use patchbay_storage::{
    Delivery, DeliveryOutcome, DeliveryResult, DeskWrite, KvWrite, Park, PersonRemote, StorageError, Ticket,
    Trace,
};
use patchbay_types::{Millis, TicketId};

use crate::{
    delivery::{
        Tried,
        outcome::{self, Ended},
        ports::{DeskBuffer, Kv},
        translate::{self, Translated},
    },
    fault::{Called, Verdict},
    payload::{DeliveryPayload, DeliveryV1, Place},
    queues::DeliveryLane,
    shared::{ConversationEntry, Shared, View, lock},
    steps,
};

/// All that one attempt knows.
pub(crate) struct Attempt<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) view: &'a View,
    pub(crate) lane: &'a DeliveryLane,
    pub(crate) caller: Caller,
    pub(crate) call: adapter::Call,
    pub(crate) internal: bool,
    pub(crate) now: Millis,
    pub(crate) payload: DeliveryV1,
    pub(crate) conversation: ConversationEntry,
    /// The ticket it goes to; none: one is opened.
    pub(crate) ticket: Option<Ticket>,
    pub(crate) translated: Option<Translated>,
}

/// What an attempt did, to be committed with the receipt.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) persons: Vec<PersonRemote>,
    pub(crate) desk: Vec<DeskWrite>,
    pub(crate) kv: Vec<KvWrite>,
    pub(crate) trace: Trace,
}

/// Tries one delivery.
///
/// # Errors
/// When the database cannot be read; nothing was tried then.
pub(crate) async fn attempt(
    shared: &Arc<Shared>,
    lane: &DeliveryLane,
    delivery: Delivery,
) -> Result<Tried, StorageError> {
    let now = shared.clock.now();
    let due = delivery.not_before.max(shared.paused_until(&lane.tenant, &lane.adapter));
    if due > now {
        return Ok(Tried::Hold(due));
    }
    let Some(view) = shared.view(&lane.tenant) else { return Ok(Tried::Hold(now + super::FAR)) };
    let Some(slot) = view.chain.adapters.get(&lane.adapter) else {
        return Ok(Tried::Hold(now + super::FAR));
    };
    let number = delivery.attempt + 1;
    let receipt = |outcome: DeliveryOutcome, effects: Effects| {
        Box::new(DeliveryResult {
            id: delivery.id,
            tenant: lane.tenant.clone(),
            inbox_seq: delivery.inbox_seq,
            event_id: delivery.event_id.clone(),
            at: now,
            attempt: number,
            outcome,
            tickets: effects.tickets,
            persons: effects.persons,
            desk: effects.desk,
            kv: effects.kv,
            deliveries: Vec::new(),
            actions: Vec::new(),
            trace: effects.trace,
        })
    };
    let result = |outcome, effects| Tried::Result(receipt(outcome, effects));
    let payload = match serde_json::from_str(&delivery.payload) {
        Ok(DeliveryPayload::V1(payload)) => payload,
        Err(error) => {
            let reason = format!("its stored form cannot be read: {error}");
            return Ok(result(DeliveryOutcome::Dead(Park { reason, ..Park::default() }), Effects::default()));
        }
    };
    let Some(conversation) = shared.conversation(&lane.tenant, &lane.conversation).await? else {
        let reason = "its conversation is gone".to_owned();
        return Ok(result(DeliveryOutcome::Dead(Park { reason, ..Park::default() }), Effects::default()));
    };
    let conversation = lock(&conversation).clone();
    let translated = match &payload.message {
        Some(message) => {
            Some(translate::translate(shared, &lane.tenant, &lane.adapter, message.clone()).await?)
        }
        None => None,
    };
    let ticket = match place(lane, &conversation, &payload.place, translated.as_ref()) {
        Placed::At(ticket) => Some(ticket),
        Placed::New => None,
        Placed::Nowhere(why) => {
            let trace = vec![steps::host("deliver", now, "dropped", why)];
            return Ok(result(
                DeliveryOutcome::Dropped(why.to_owned()),
                Effects { trace, ..Effects::default() },
            ));
        }
    };
    let about = delivery.event_id.as_ref().map(|event| Arc::from(event.as_str()));
    let mut attempt = Attempt {
        shared,
        view: &view,
        lane,
        caller: Caller { tenant: lane.tenant.clone(), slot: Arc::clone(&slot.name), about },
        call: adapter::Call { key: payload.key.clone(), attempt: number, history: false },
        internal: delivery.internal,
        now,
        payload,
        conversation,
        ticket,
        translated,
    };
    let called =
        Called { chain: &view.chain, slot, caller: &attempt.caller.clone(), name: "adapter.deliver" };
    let key = called.breaker(&slot.plugin);
    if let Err(until) = shared.breakers.allow(&key, now) {
        return Ok(Tried::Hold(until));
    }
    let mut faults: Trace = Trace::new();
    for last in [false, true] {
        let mut effects = Effects::default();
        match attempt.perform(&slot.plugin, &mut effects).await {
            Ok(ended) => {
                if last {
                    shared.breakers.faulted(&key, now);
                } else {
                    shared.breakers.passed(&key);
                }
                faults.append(&mut effects.trace);
                effects.trace = faults;
                let (outcome, rest) = outcome::judge(&attempt, ended, number);
                let mut receipt = receipt(outcome, effects);
                receipt.deliveries.extend(rest);
                return Ok(Tried::Result(receipt));
            }
            Err(CallError::Guest(error)) => {
                let outcome = DeliveryOutcome::Dead(called.park(&slot.plugin, error));
                return Ok(result(outcome, Effects { trace: effects.trace, ..Effects::default() }));
            }
            Err(CallError::Fault(fault)) => {
                faults.append(&mut effects.trace);
                if last {
                    let verdict =
                        called.second_fault::<()>(&slot.plugin, &fault, &shared.breakers, &*shared.clock);
                    let outcome = match called.by_policy(verdict) {
                        Verdict::Hold(until) => return Ok(Tried::Hold(until)),
                        Verdict::Skip(why) => DeliveryOutcome::Dropped(why),
                        Verdict::Park(park) => DeliveryOutcome::Dead(park),
                        Verdict::Value(()) => continue,
                    };
                    return Ok(result(outcome, Effects { trace: faults, ..Effects::default() }));
                }
            }
        }
    }
    Ok(Tried::Hold(now + super::FAR))
}

enum Placed {
    At(Ticket),
    New,
    Nowhere(&'static str),
}

fn place(
    lane: &DeliveryLane,
    conversation: &ConversationEntry,
    place: &Place,
    translated: Option<&Translated>,
) -> Placed {
    let ours = || conversation.tickets.iter().filter(|ticket| ticket.adapter == lane.adapter);
    let open = || ours().filter(|ticket| ticket.open).max_by_key(|ticket| ticket.opened_at).cloned();
    let named = |id: &str| ours().find(|ticket| ticket.ticket.as_str() == id).cloned();
    match place {
        Place::Open => Placed::New,
        Place::ContinueOrOpen => open().map_or(Placed::New, Placed::At),
        Place::IfOpen => open().map_or(Placed::Nowhere("no ticket is open"), Placed::At),
        Place::Ticket(id) => named(id).map_or(Placed::New, Placed::At),
        Place::Follow => {
            let target = translated.filter(|translated| !translated.lost);
            let ticket = target.and_then(|translated| translated.ticket.as_deref()).and_then(named);
            ticket.map_or(Placed::Nowhere("what it refers to never got there"), Placed::At)
        }
    }
}

// === impl Attempt ===

impl Attempt<'_> {
    /// Calls the adapter, one function after the other, over the same ports.
    async fn perform(&mut self, plugin: &Plugin, effects: &mut Effects) -> Result<Ended, CallError> {
        let mut ports = self.ports();
        let mut ended = Ended::default();
        let message = self.translated.as_ref().map(|translated| translated.message.clone());
        if let Some(mut message) = message {
            if message.author.remote.is_none() {
                let (person, back) = self.contact(plugin, ports, &message.author, effects).await?;
                ports = back;
                match person {
                    Ok(remote) => message.author.remote = Some(remote),
                    Err(failure) => {
                        ended.failure = Some(failure);
                        return Ok(ended);
                    }
                }
            }
            ports = self.say(plugin, ports, message, &mut ended, effects).await?;
        }
        if ended.failure.is_some() {
            // A call that failed leaves nothing behind in the host's own tables.
            self.gone(&ended, effects);
            return Ok(ended);
        }
        if self.payload.changes.is_empty() {
            self.collect(ports, None, effects);
        } else {
            let said = desk_writes(&ports);
            ports = self.change(plugin, ports, &mut ended, effects).await?;
            self.collect(ports, ended.failure.as_ref().map(|_| said), effects);
            self.gone(&ended, effects);
        }
        if let Some(ticket) = &mut self.ticket
            && ended.parts.is_some()
        {
            ticket.last_activity_at = self.now;
            effects.tickets.push(ticket.clone());
        }
        Ok(ended)
    }

    /// Opens a ticket with the message, or appends it.
    async fn say(
        &mut self,
        plugin: &Plugin,
        mut ports: Ports,
        message: types::Message,
        ended: &mut Ended,
        effects: &mut Effects,
    ) -> Result<Ports, CallError> {
        let item = adapter::Item { key: self.call.key.clone(), message, internal: self.internal };
        if self.ticket.is_none() {
            let draft = adapter::Draft {
                conversation: self.lane.conversation.to_string(),
                customer: self.customer(&item.message),
                initial: self.payload.initial.clone(),
                items: vec![item.clone()],
            };
            let input = steps::json(&(&draft, &self.call));
            let answer = plugin.open(&self.caller, ports, &draft, &self.call).await;
            let (answer, back) = self.split("adapter.open", plugin, input, answer, effects)?;
            ports = back;
            match answer {
                Ok(opened) => {
                    self.opened(opened.ticket);
                    ended.parts = parts_of(&opened.written, &item.key);
                }
                Err(failure) => {
                    ended.failure = Some(failure);
                    return Ok(ports);
                }
            }
            if ended.parts.is_some() {
                return Ok(ports);
            }
        }
        let Some(ticket) = self.ticket.as_ref().map(|ticket| ticket.ticket.to_string()) else {
            return Ok(ports);
        };
        let items = [item];
        let input = steps::json(&(&ticket, &items, &self.call));
        let answer = plugin.append(&self.caller, ports, &ticket, &items, &self.call).await;
        let (answer, back) = self.split("adapter.append", plugin, input, answer, effects)?;
        match answer {
            Ok(written) => ended.parts = Some(parts_of(&written, &self.call.key).unwrap_or_default()),
            Err(failure) => {
                ended.parts = parts_of(&failure.written, &self.call.key);
                ended.failure = Some(failure);
            }
        }
        Ok(back)
    }

    async fn change(
        &mut self,
        plugin: &Plugin,
        ports: Ports,
        ended: &mut Ended,
        effects: &mut Effects,
    ) -> Result<Ports, CallError> {
        let Some(ticket) = self.ticket.as_ref().map(|ticket| ticket.ticket.to_string()) else {
            return Ok(ports);
        };
        let by = self.payload.message.as_ref().map(|message| message.author.clone());
        let changes = types::Changes { changes: self.payload.changes.clone(), by };
        let input = steps::json(&(&ticket, &changes, &self.call));
        let answer = plugin.update(&self.caller, ports, &ticket, &changes, &self.call).await;
        let (answer, back) = self.split("adapter.update", plugin, input, answer, effects)?;
        match answer {
            Ok(()) => {
                if let Some(ticket) = &mut self.ticket {
                    outcome::apply(ticket, &self.payload.changes);
                }
            }
            Err(failure) => ended.failure = Some(failure),
        }
        Ok(back)
    }

    async fn contact(
        &self,
        plugin: &Plugin,
        ports: Ports,
        person: &types::Person,
        effects: &mut Effects,
    ) -> Result<(Result<String, adapter::Failure>, Ports), CallError> {
        if let Some(remote) =
            self.shared.person_remote(&self.lane.tenant, &self.lane.adapter, &person.id).await
        {
            return Ok((Ok(remote), ports));
        }
        let input = steps::json(&(person, &self.call));
        let answer = plugin.contact(&self.caller, ports, person, &self.call).await;
        let (answer, ports) = self.split("adapter.contact", plugin, input, answer, effects)?;
        if let Ok(remote) = &answer {
            effects.persons.push(PersonRemote {
                tenant: self.lane.tenant.clone(),
                adapter: self.lane.adapter.clone(),
                person: person.id.clone(),
                remote: Some(remote.clone()),
            });
        }
        Ok((answer, ports))
    }

    /// Writes the step down and takes the ports back.
    fn split<T: serde::Serialize>(
        &self,
        name: &str,
        plugin: &Plugin,
        input: String,
        answer: Result<patchbay_plugin::Timed<(T, Ports)>, CallError>,
        effects: &mut Effects,
    ) -> Result<(T, Ports), CallError> {
        let at = self.shared.clock.now();
        let (slot, chain) = (&self.caller.slot, &self.view.chain);
        match answer {
            Ok(timed) => {
                let (value, ports) = timed.value;
                let shown = Ok(patchbay_plugin::Timed { value: &value, took: timed.took, fuel: timed.fuel });
                effects.trace.push(steps::called(name, slot, chain, plugin, at, input, &shown));
                Ok((value, ports))
            }
            Err(error) => {
                let shown: Result<patchbay_plugin::Timed<()>, CallError> = Err(error.clone());
                effects.trace.push(steps::called(name, slot, chain, plugin, at, input, &shown));
                Err(error)
            }
        }
    }

    fn customer(&self, message: &types::Message) -> types::Person {
        let customer = self.conversation.row.customer.as_deref();
        customer.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_else(|| message.author.clone())
    }

    fn opened(&mut self, opened: types::Ticket) {
        let mut ticket = Ticket {
            tenant: self.lane.tenant.clone(),
            conversation: self.lane.conversation.clone(),
            adapter: self.lane.adapter.clone(),
            ticket: TicketId::from(opened.id),
            url: opened.url,
            status: "open".to_owned(),
            queue: None,
            assignee: None,
            opened_at: self.now,
            last_activity_at: self.now,
            open: true,
        };
        outcome::apply(&mut ticket, &self.payload.initial);
        self.ticket = Some(ticket);
    }

    fn ports(&self) -> Ports {
        let grants = self.view.chain.config.adapters.get(&self.lane.adapter).map(|slot| &slot.grants);
        let (tenant, adapter) = (self.lane.tenant.clone(), self.lane.adapter.clone());
        let store = self.shared.store.clone();
        let mut ports = Ports::none(self.now);
        if grants.is_some_and(|grants| grants.store) {
            let kv = Kv { store: store.clone(), tenant: tenant.clone(), adapter, writes: BTreeMap::new() };
            ports.store = Some(Box::new(kv));
        }
        if grants.is_some_and(|grants| grants.desk) {
            let ticket = self.ticket.iter().map(|ticket| ticket.ticket.to_string());
            let lines = self.translated.iter().flat_map(|translated| translated.parts.iter().cloned());
            ports.desk = Some(Box::new(DeskBuffer {
                store,
                tenant,
                conversation: self.lane.conversation.clone(),
                now: self.now,
                tickets: ticket.collect::<HashSet<_>>(),
                lines: lines.collect(),
                writes: Vec::new(),
            }));
        }
        ports
    }

    /// A ticket that its adapter no longer has takes no more messages; a person whom it no longer has is looked for
    /// again.
    fn gone(&self, ended: &Ended, effects: &mut Effects) {
        match ended.failure.as_ref().map(|failure| failure.kind) {
            Some(adapter::FailureKind::Gone) => {
                let close =
                    |ticket: &Ticket| Ticket { open: false, status: "closed".to_owned(), ..ticket.clone() };
                effects.tickets.extend(self.ticket.as_ref().map(close));
            }
            Some(adapter::FailureKind::UnknownPerson) => {
                let author = self.payload.message.as_ref().map(|message| message.author.id.clone());
                effects.persons.extend(author.map(|person| PersonRemote {
                    tenant: self.lane.tenant.clone(),
                    adapter: self.lane.adapter.clone(),
                    person,
                    remote: None,
                }));
            }
            _ => {}
        }
    }

    /// Takes what was buffered; of the desk's writes only the first `most`.
    fn collect(&self, ports: Ports, most: Option<usize>, effects: &mut Effects) {
        if let Some(kv) = ports.store
            && let Ok(kv) = (kv as Box<dyn std::any::Any>).downcast::<Kv>()
        {
            effects.kv = kv.into_writes();
        }
        if let Some(desk) = ports.desk
            && let Ok(desk) = (desk as Box<dyn std::any::Any>).downcast::<DeskBuffer>()
        {
            effects.desk = desk.writes;
            effects.desk.truncate(most.unwrap_or(usize::MAX));
        }
    }
}

fn desk_writes(ports: &Ports) -> usize {
    let desk = ports.desk.as_deref().map(|desk| desk as &dyn std::any::Any);
    desk.and_then(|desk| desk.downcast_ref::<DeskBuffer>()).map_or(0, |desk| desk.writes.len())
}

/// What was written for the item with this key, if it was.
fn parts_of(written: &[adapter::Written], key: &str) -> Option<Vec<String>> {
    written.iter().find(|written| written.key == key).map(|written| written.parts.clone())
}
