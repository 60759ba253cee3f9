//! One attempt at one delivery: who, where, in whose words, with which generation.

use std::sync::Arc;

use patchbay_plugin::{CallError, Caller, adapter, ports::Record};
use patchbay_storage::{
    Delivery, DeliveryOutcome, DeliveryResult, DeskWrite, KvWrite, Park, PersonRemote, StorageError, Subject,
    Ticket, TicketChange, Trace,
};
use patchbay_types::Millis;

use crate::{
    delivery::{
        Reach, Tried, outcome,
        receipts::Receipts,
        translate::{self, Translated},
    },
    fault::{Called, Verdict},
    outside::Journal,
    payload::{DeliveryV1, Place},
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
    /// The row that its change is written against: as it was before this attempt.
    pub(crate) was: Option<Ticket>,
    pub(crate) translated: Option<Translated>,
    /// What the adapter asks of the host, until the step that asked is written down.
    pub(crate) record: Record,
}

/// What an attempt did, to be committed with the receipt.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) tickets: Vec<TicketChange>,
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
    payload: Result<DeliveryV1, String>,
    before: &Receipts,
) -> Result<Tried, StorageError> {
    let now = shared.clock.now();
    if delivery.not_before > now {
        return Ok(Tried::Hold(delivery.not_before));
    }
    let Some(view) = shared.view(&lane.tenant) else { return Ok(Tried::Hold(now + super::FAR)) };
    let Some(slot) = view.chain.adapters.get(&lane.adapter) else {
        return Ok(Tried::Hold(now + super::FAR));
    };
    let connection = (lane.tenant.clone(), lane.adapter.clone());
    let generation = view.chain.generation;
    if let Err(until) = shared.connections.look(&connection, generation, now) {
        return Ok(Tried::Hold(until));
    }
    let grants = view.chain.config.adapters.get(&lane.adapter).map(|slot| &slot.grants);
    let inside = grants.is_none_or(|grants| grants.http.is_empty() && !grants.store);
    let reach = if inside { Reach::Inside } else { Reach::Outside };
    let mut number = delivery.attempt + 1;
    let receipt = |number: u32, outcome: DeliveryOutcome, effects: Effects| {
        let over = matches!(outcome, DeliveryOutcome::Done { .. } | DeliveryOutcome::Dropped(_));
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
            settled: over && reach == Reach::Outside,
            deliveries: Vec::new(),
            actions: Vec::new(),
            trace: effects.trace,
        })
    };
    let result = |number, outcome, effects| Tried::Result(receipt(number, outcome, effects), reach);
    let payload = match payload {
        Ok(payload) => payload,
        Err(reason) => {
            return Ok(result(
                number,
                DeliveryOutcome::Dead(Park { reason, ..Park::default() }),
                Effects::default(),
            ));
        }
    };
    let Some(conversation) = shared.conversation(&lane.tenant, &lane.conversation).await? else {
        let reason = "its conversation is gone".to_owned();
        return Ok(result(
            number,
            DeliveryOutcome::Dead(Park { reason, ..Park::default() }),
            Effects::default(),
        ));
    };
    let mut conversation = lock(&conversation).clone();
    before.apply_to(&mut conversation.tickets);
    let translated = match &payload.message {
        Some(message) => {
            Some(translate::translate(shared, &lane.tenant, &lane.adapter, message.clone()).await?)
        }
        None => None,
    };
    let mut placed = place(lane, &conversation, &payload.place, translated.as_ref());
    if !matches!(placed, Placed::At(_)) && payload.place != Place::Open {
        // What is cached may have been read before this very lane's last receipt: no second ticket, and no edit that
        // finds nothing, for that.
        conversation.tickets = shared.store.tickets(&lane.tenant, &lane.conversation).await?;
        before.apply_to(&mut conversation.tickets);
        placed = place(lane, &conversation, &payload.place, translated.as_ref());
    }
    let ticket = match placed {
        Placed::At(ticket) => Some(ticket),
        Placed::New => None,
        Placed::Nowhere(why) => {
            let trace = vec![steps::host("deliver", now, "dropped", why)];
            return Ok(result(
                number,
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
        was: ticket.clone(),
        ticket,
        translated,
        record: Record::default(),
    };
    let called =
        Called { chain: &view.chain, slot, caller: &attempt.caller.clone(), name: "adapter.deliver" };
    let key = called.breaker(&slot.plugin);
    if let Err(until) = shared.breakers.allow(&key, now) {
        return Ok(Tried::Hold(until));
    }
    if let Err(until) = shared.connections.enter(&connection, generation, now) {
        return Ok(Tried::Hold(until));
    }
    let mut faults: Trace = Trace::new();
    let placed = attempt.ticket.clone();
    for last in [false, true] {
        // What a faulted call opened is gone with what it wrote.
        attempt.ticket.clone_from(&placed);
        attempt.was.clone_from(&placed);
        let journal = match reach {
            Reach::Inside => None,
            Reach::Outside => {
                Some(Journal::open(&shared.store, Subject::Delivery(delivery.id), number - 1).await?)
            }
        };
        // What faulted may have done something outside: the next call is told that it is not the first.
        number = journal.as_ref().map_or(number, Journal::attempt);
        attempt.call.attempt = number;
        let mut effects = Effects::default();
        match attempt.perform(&slot.plugin, &mut effects, journal).await {
            Ok(ended) => {
                if last {
                    shared.breakers.faulted(&key, now);
                } else {
                    shared.breakers.passed(&key);
                }
                if !ended.is_down() && shared.connections.is_up(&connection) {
                    let (tenant, adapter) = &connection;
                    shared.deliveries.release(|lane| lane.tenant == *tenant && lane.adapter == *adapter);
                }
                faults.append(&mut effects.trace);
                effects.trace = faults;
                let (outcome, rest) = outcome::judge(&attempt, ended, number);
                let mut receipt = receipt(number, outcome, effects);
                receipt.deliveries.extend(rest);
                return Ok(Tried::Result(receipt, reach));
            }
            Err(CallError::Guest(error)) => {
                let outcome = DeliveryOutcome::Dead(called.park(&slot.plugin, error));
                return Ok(result(number, outcome, Effects { trace: effects.trace, ..Effects::default() }));
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
                    return Ok(result(number, outcome, Effects { trace: faults, ..Effects::default() }));
                }
                number += u32::from(reach == Reach::Outside);
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
        // One that is not known here is gone, or was never committed: its conversation may have another one.
        Place::Ticket(id) => named(id).or_else(open).map_or(Placed::New, Placed::At),
        Place::Follow => {
            let target = translated.filter(|translated| !translated.lost);
            let ticket = target.and_then(|translated| translated.ticket.as_deref()).and_then(named);
            ticket.map_or(Placed::Nowhere("what it refers to never got there"), Placed::At)
        }
    }
}
