//! One attempt at one delivery: who, where, in whose words, with which generation.

use std::sync::Arc;

use patchbay_plugin::{CallError, Caller, Slot, adapter, ports::Record};
use patchbay_storage::{
    Delivery, DeliveryOutcome, DeliveryResult, DeskWrite, KvWrite, Park, PersonRemote, StorageError, Subject,
    Ticket, TicketChange, Trace, Written,
};
use patchbay_types::Millis;

use crate::{
    delivery::{
        Reach, Tried,
        outcome::{self, Ended},
        place::{Choice, Placed},
        receipts::Receipts,
        translate::{self, Translated},
    },
    fault::{Called, Verdict},
    media::{Given, GivenFiles},
    outside::{Course, Journal, Pass},
    payload::DeliveryV1,
    queues::DeliveryLane,
    retry,
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
    /// The message in the adapter's words; none: it is written already, or there is none.
    pub(crate) translated: Option<Translated>,
    /// What the adapter asks of the host, until the step that asked is written down.
    pub(crate) record: Record,
    /// What its calls have in common.
    pub(crate) course: Arc<Course>,
    /// Leave to reach outside; none: it does not.
    pub(crate) pass: Option<Pass<'a>>,
    /// The files of the message.
    pub(crate) files: Arc<GivenFiles>,
}

/// What an attempt did, to be committed with the receipt.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) tickets: Vec<TicketChange>,
    pub(crate) persons: Vec<PersonRemote>,
    pub(crate) desk: Vec<DeskWrite>,
    pub(crate) kv: Vec<KvWrite>,
    /// What got there, where that is less than all of it, and what is left.
    pub(crate) written: Option<Written>,
    pub(crate) rest: Option<String>,
    /// The next attempt is about something else: what this one did outside says nothing about it.
    pub(crate) afresh: bool,
    pub(crate) trace: Trace,
}

/// What a result is made of, whatever it is.
struct Slip<'a> {
    delivery: &'a Delivery,
    at: Millis,
    reach: Reach,
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
    if !retry::is_due(delivery.not_before, now) {
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
    let slip = Slip { delivery: &delivery, at: now, reach };
    let number = delivery.attempt + 1;
    let payload = match payload {
        Ok(payload) => payload,
        Err(reason) => return Ok(slip.dead(number, reason)),
    };
    let Some(conversation) = shared.conversation(&lane.tenant, &lane.conversation).await? else {
        return Ok(slip.dead(number, "its conversation is gone".to_owned()));
    };
    let mut conversation = lock(&conversation).clone();
    let message = payload.message.clone().filter(|_| payload.written.is_none());
    let mut translated = match message {
        Some(message) => Some(translate::translate(shared, &lane.tenant, &lane.adapter, message).await?),
        None => None,
    };
    // What is carried nowhere needs no leave.
    let carried = grants.is_some_and(|grants| !grants.http.is_empty());
    let files = match translated.as_mut().filter(|_| carried) {
        Some(translated) => {
            let registration = &conversation.row.registration;
            let given = Given {
                tenant: &lane.tenant,
                registration,
                way: shared.homeservers.get(registration).map(|homeserver| &homeserver.client),
                policy: &view.chain.config.media,
                withheld: &payload.withheld,
                since: delivery.created_at,
            };
            given.admit(&shared.media, &mut translated.message)
        }
        None => GivenFiles::default(),
    };
    let journal = slip.journal(shared, delivery.attempt).await?;
    let pinned = journal.as_ref().and_then(Journal::place);
    let choice = Choice { shared, lane, payload: &payload, translated: translated.as_ref(), before };
    let placed = choice.choose(&mut conversation, pinned).await?;
    if let Placed::Nowhere(why) = placed {
        let trace = vec![steps::host("deliver", now, "dropped", why)];
        let effects = Effects { trace, ..Effects::default() };
        return Ok(slip.tried(number, DeliveryOutcome::Dropped(why.to_owned()), effects));
    }
    let about = delivery.event_id.as_ref().map(|event| Arc::from(event.as_str()));
    let caller = Caller { tenant: lane.tenant.clone(), slot: Arc::clone(&slot.name), about };
    let called = Called { chain: &view.chain, slot, caller: &caller, name: "adapter.deliver" };
    if let Err(until) = shared.breakers.allow(&called.breaker(&slot.plugin), now) {
        return Ok(Tried::Hold(until));
    }
    let pass = match reach {
        Reach::Inside => None,
        Reach::Outside => match shared.connections.enter(&connection, generation, delivery.id, now) {
            Ok(pass) => Some(pass),
            Err(until) => return Ok(Tried::Hold(until)),
        },
    };
    let attempt = Attempt {
        shared,
        view: &view,
        lane,
        caller: caller.clone(),
        call: adapter::Call { key: payload.key.clone(), attempt: number, history: false },
        internal: delivery.internal,
        now,
        payload,
        conversation,
        was: None,
        ticket: None,
        translated,
        record: Record::default(),
        course: Arc::default(),
        pass,
        files: Arc::new(files),
    };
    attempt.run(&slip, slot, &called, &placed, journal).await
}

// === impl Attempt ===

impl Attempt<'_> {
    /// Calls the adapter, and once more if it faults.
    async fn run(
        mut self,
        slip: &Slip<'_>,
        slot: &Slot,
        called: &Called<'_>,
        placed: &Placed,
        mut journal: Option<Journal>,
    ) -> Result<Tried, StorageError> {
        let (shared, key) = (self.shared, called.breaker(&slot.plugin));
        let mut number = self.call.attempt;
        let mut faults = Trace::new();
        if self.pass.as_ref().is_some_and(Pass::wants_probe) {
            let probed = self.probe(&slot.plugin, slip.journal(shared, number - 1).await?).await;
            faults.push(probed.step);
            if let Some(failure) = probed.down {
                // The delivery itself is not tried: it would find the same, and somebody would have to look for it.
                let ended = Ended { failure: Some(failure), ..Ended::default() };
                self.tell_people(&ended);
                let mut effects = Effects { trace: faults, ..Effects::default() };
                let outcome = outcome::judge(&self, ended, None, number - 1, &mut effects);
                return Ok(slip.tried(number - 1, outcome, effects));
            }
        }
        for last in [false, true] {
            // What a faulted call opened is gone with what it wrote.
            self.ticket = if let Placed::At(ticket) = placed { Some(ticket.clone()) } else { None };
            self.was.clone_from(&self.ticket);
            if last {
                // The call may have ended while a step's answer was on its way to the disk: it is not to be missed.
                shared.store.caught_up().await?;
                journal = slip.journal(shared, number).await?;
            }
            if let Some(known) = &mut journal {
                known.goes_to(placed.pin());
                // What faulted may have done something outside: the next call is told that it is not the first.
                number = known.attempt();
            }
            self.call.attempt = number;
            let mut effects = Effects::default();
            let ended = self.perform(&slot.plugin, &mut effects, journal.take()).await;
            faults.append(&mut effects.trace);
            let fault = match ended {
                Ok(Ended { fault: None, .. }) | Err(CallError::Guest(_)) => None,
                Ok(Ended { fault: Some(ref fault), .. }) | Err(CallError::Fault(ref fault)) => {
                    Some(fault.clone())
                }
            };
            let verdict = match &fault {
                None => None,
                Some(_) if !last => continue,
                Some(fault) => {
                    let verdict =
                        called.second_fault::<()>(&slot.plugin, fault, &shared.breakers, &*shared.clock);
                    Some(called.by_policy(verdict))
                }
            };
            if let Some(Verdict::Hold(until)) = verdict {
                return Ok(Tried::Hold(until));
            }
            effects.trace = faults;
            let outcome = match (ended, verdict) {
                (Ok(ended), verdict) => {
                    if verdict.is_none() && last {
                        let _ = shared.breakers.faulted(&key, self.now);
                    } else if verdict.is_none() {
                        shared.breakers.passed(&key);
                    }
                    self.tell_others(&ended);
                    outcome::judge(&self, ended, verdict, number, &mut effects)
                }
                (Err(CallError::Guest(error)), _) => DeliveryOutcome::Dead(called.park(&slot.plugin, error)),
                (Err(CallError::Fault(_)), Some(Verdict::Skip(why))) => DeliveryOutcome::Dropped(why),
                (Err(CallError::Fault(_)), Some(Verdict::Park(park))) => DeliveryOutcome::Dead(park),
                (Err(CallError::Fault(fault)), _) => {
                    DeliveryOutcome::Dead(called.park(&slot.plugin, fault.to_string()))
                }
            };
            if matches!(outcome, DeliveryOutcome::Dead(_) | DeliveryOutcome::Dropped(_)) {
                shared.connections.forget(slip.delivery.id);
            }
            return Ok(slip.tried(number, outcome, effects));
        }
        Ok(Tried::Hold(self.now + super::FAR))
    }

    /// What people are told of the connection.
    fn tell_people(&self, ended: &Ended) {
        let (key, health) =
            ((self.lane.tenant.clone(), self.lane.adapter.clone()), self.shared.connections.health());
        if self.course.heard() && !ended.is_down() {
            health.answers(&key, self.now);
        }
        if let Some(failure) = &ended.failure {
            let mut detail = failure.detail.clone();
            if let Some(gate) = self.view.gates.get(&self.lane.adapter) {
                gate.secrets.hide(&mut detail);
            }
            health.fails(&key, self.now, outcome::failure_word(failure.kind), detail, ended.is_down());
        }
    }

    /// Where the other side has answered, those who waited for that go on.
    fn tell_others(&self, ended: &Ended) {
        self.tell_people(ended);
        let Some(pass) = &self.pass else { return };
        if !ended.is_down() && self.course.heard() && pass.is_up() {
            let (tenant, adapter) = (&self.lane.tenant, &self.lane.adapter);
            self.shared.deliveries.release(|lane| lane.tenant == *tenant && lane.adapter == *adapter);
        }
    }
}

// === impl Slip ===

impl Slip<'_> {
    /// The journal of the attempt after so many; none where nothing is done outside.
    async fn journal(&self, shared: &Shared, attempts: u32) -> Result<Option<Journal>, StorageError> {
        match self.reach {
            Reach::Inside => Ok(None),
            Reach::Outside => {
                let subject = Subject::Delivery(self.delivery.id);
                Journal::open(&shared.store, subject, attempts).await.map(Some)
            }
        }
    }

    fn dead(&self, number: u32, reason: String) -> Tried {
        let park = Park { reason, ..Park::default() };
        self.tried(number, DeliveryOutcome::Dead(park), Effects::default())
    }

    fn tried(&self, number: u32, outcome: DeliveryOutcome, effects: Effects) -> Tried {
        let over = matches!(outcome, DeliveryOutcome::Done { .. } | DeliveryOutcome::Dropped(_));
        let result = DeliveryResult {
            id: self.delivery.id,
            tenant: self.delivery.tenant.clone(),
            event_id: self.delivery.event_id.clone(),
            at: self.at,
            attempt: number,
            outcome,
            written: effects.written,
            rest: effects.rest,
            tickets: effects.tickets,
            persons: effects.persons,
            desk: effects.desk,
            kv: effects.kv,
            settled: self.reach == Reach::Outside && (over || effects.afresh),
            actions: Vec::new(),
            trace: effects.trace,
        };
        Tried::Result(Box::new(result), self.reach)
    }
}
