//! A webhook, as it was stored, is read by its adapter into entries. One that its adapter could not be asked about when it
//! came is asked about first.

use std::{any::Any, sync::Arc, time::Duration};

use patchbay_egress::NoFiles;
use patchbay_plugin::{
    CallError, Caller, Chain, Ports, Slot, Timed, adapter, ports::Record, types, webhooks::Webhook,
};
use patchbay_storage::{
    Guarded, Hook, HookOutcome, HookWanted, KvWrite, NewEntry, Park, Received, StorageError, Subject, Trace,
};
use patchbay_types::{Millis, TicketId};
use tracing::{info, warn};

use crate::{
    delivery::{Kv, said},
    fault::{Called, Verdict},
    news::{
        Next,
        accept::{self, Question},
        bounds,
        mask::{self, Mask},
        poll, stored,
    },
    outside::{Journal, Steps},
    retry,
    shared::{Shared, View},
    signals, steps,
};

/// So often an adapter is asked whether it wants a webhook: over some minutes, in which it may be swapped.
const ASKED: u32 = 8;
/// And has so long to answer: more than while the sender waits, but other news wait behind it.
const LATE: Duration = Duration::from_secs(1);

/// One webhook that is being read.
struct Reading<'a> {
    shared: &'a Arc<Shared>,
    view: &'a View,
    chain: &'a Chain,
    slot: &'a Slot,
    hook: &'a Hook,
    webhook: Webhook,
    mask: Mask,
    now: Millis,
    trace: Trace,
}

/// Reads one webhook.
///
/// # Errors
/// When what came of it cannot be committed.
pub(crate) async fn read(shared: &Arc<Shared>, hook: Hook) -> Result<Next, StorageError> {
    let now = shared.clock.now();
    if !retry::is_due(hook.not_before, now) {
        // What no adapter has wanted yet has no place in the order.
        return Ok(if hook.unasked.is_some() { Next::Aside } else { Next::Wait });
    }
    let Some(view) = shared.view(&hook.tenant) else { return Ok(Next::Wait) };
    let Some(slot) = view.chain.adapters.get(&hook.adapter) else { return Ok(Next::Wait) };
    let stored = stored::read(&shared.store.hook_body(hook.id).await?);
    let unreadable = stored.as_ref().err().cloned();
    let webhook = stored.unwrap_or_else(|_| Webhook {
        method: String::new(),
        url: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
    });
    let (chain, mask) = (&*view.chain, Mask::of(&webhook, accept::granted(&view, &hook.adapter)));
    let mut reading =
        Reading { shared, view: &view, chain, slot, hook: &hook, webhook, mask, now, trace: Trace::new() };
    if let Some(reason) = unreadable {
        return reading.park(Park { reason, ..Park::default() }).await;
    }
    if let Some(unasked) = &hook.unasked
        && let Some(next) = reading.ask(unasked.delivery.as_deref()).await?
    {
        return Ok(next);
    }
    reading.read().await
}

// === impl Reading ===

impl Reading<'_> {
    /// Asks the adapter whether it wants this webhook; nothing, if it does and it is to be read now.
    async fn ask(&mut self, delivery: Option<&str>) -> Result<Option<Next>, StorageError> {
        let (shared, view, slot, hook, caller) =
            (self.shared, self.view, self.slot, self.hook, self.caller());
        let called = Called { chain: self.chain, slot, caller: &caller, name: "webhooks.accept" };
        let (adapter, webhook, at) = (&hook.adapter, &self.webhook, hook.at);
        let question = Question { shared, view, slot, adapter, webhook, delivery, at };
        let (own, all) = (question.breaker(), called.breaker(&slot.plugin));
        let breakers = &shared.breakers;
        if breakers.allow(&all, self.now).is_err() {
            return Ok(Some(Next::Wait));
        }
        if breakers.allow(&own, self.now).is_err() {
            // What strangers send must not hold up what was wanted.
            return Ok(Some(Next::Aside));
        }
        let (answer, step) = question.ask(LATE).await;
        self.trace.push(step);
        match answer {
            Ok(Some(answer)) => {
                breakers.passed(&own);
                if answer.keep { self.wanted().await } else { self.refused().await.map(Some) }
            }
            Ok(None) => {
                let reason = "the adapter exports no `webhooks`".to_owned();
                self.park(called.park(&slot.plugin, reason)).await.map(Some)
            }
            Err(CallError::Guest(error)) => self.park(called.park(&slot.plugin, error)).await.map(Some),
            Err(CallError::Fault(fault)) => {
                breakers.faulted(&own, self.now);
                if hook.attempt + 1 < ASKED {
                    return self.again(None).await.map(|_| Some(Next::Aside));
                }
                match called.second_fault::<()>(&slot.plugin, &fault, breakers, &*shared.clock) {
                    Verdict::Park(why) => self.park(why).await.map(Some),
                    _ => Ok(Some(Next::Wait)),
                }
            }
        }
    }

    async fn wanted(&mut self) -> Result<Option<Next>, StorageError> {
        let (id, tenant, trace) = (self.hook.id, self.hook.tenant.clone(), std::mem::take(&mut self.trace));
        let wanted = HookWanted { id, tenant, at: self.now, trace };
        let guarded = self.shared.store.hook_wanted(wanted).await?;
        // Where it is not to be read, its sender has sent it again meanwhile, and that one is.
        Ok((guarded == Guarded::Stale).then_some(Next::Go))
    }

    async fn refused(&mut self) -> Result<Next, StorageError> {
        info!(tenant = %self.hook.tenant, adapter = %self.hook.adapter, hook = %self.hook.key,
            "an adapter was asked late about a webhook, and does not want it");
        self.trace.push(steps::host("refuse", self.now, "refused", "the adapter does not want it"));
        self.done(Vec::new(), Vec::new()).await
    }

    async fn read(&mut self) -> Result<Next, StorageError> {
        let caller = self.caller();
        let called = Called { chain: self.chain, slot: self.slot, caller: &caller, name: "webhooks.receive" };
        let plugin = &self.slot.plugin;
        if self.shared.breakers.allow(&called.breaker(plugin), self.now).is_err() {
            return Ok(Next::Wait);
        }
        let input = mask::shown(&self.webhook);
        let mut fault = None;
        for _ in 0..2 {
            let record = Record::default();
            let answer = plugin.receive(&caller, self.ports(&record).await?, &self.webhook).await;
            let mut kv = Vec::new();
            let answer = answer.map(|Timed { value, took, fuel }| {
                let value = value.map(|(batch, ports)| {
                    kv = kept(ports);
                    batch
                });
                Timed { value, took, fuel }
            });
            let mut step = steps::called(
                called.name,
                &self.slot.name,
                self.chain,
                plugin,
                self.now,
                input.clone(),
                &answer,
            );
            step.calls = steps::host_calls(&record);
            self.trace.push(self.mask.step(step));
            match answer.map(|timed| timed.value) {
                Ok(Some(Ok(batch))) => {
                    self.shared.breakers.passed(&called.breaker(plugin));
                    if let Err(reason) = bounds::entries(&batch.entries) {
                        return self.park(called.park(plugin, reason)).await;
                    }
                    if batch.poll {
                        poll::wanted(self.shared, &self.hook.tenant, &self.hook.adapter, plugin.digest());
                    }
                    let told = (&self.hook.tenant, &self.hook.adapter);
                    let entries = signals::take(self.shared, told, batch.entries, self.hook.at);
                    let entries = entries.iter().map(|entry| new_entry(entry, self.now)).collect();
                    return self.done(entries, kv).await;
                }
                Ok(Some(Err(failure))) if never(&failure) => {
                    let reason = said(&failure);
                    return self.park(called.park(plugin, reason)).await;
                }
                Ok(Some(Err(failure))) => {
                    warn!(tenant = %self.hook.tenant, adapter = %self.hook.adapter, hook = %self.hook.key,
                        kind = ?failure.kind, "a webhook was not read");
                    return self.again(failure.retry_after).await;
                }
                Ok(None) => {
                    let reason = "the adapter exports no `webhooks`".to_owned();
                    return self.park(called.park(plugin, reason)).await;
                }
                Err(CallError::Guest(error)) => return self.park(called.park(plugin, error)).await,
                Err(CallError::Fault(error)) => fault = Some(error),
            }
        }
        let Some(fault) = fault else { return Ok(Next::Wait) };
        match called.second_fault::<()>(plugin, &fault, &self.shared.breakers, &*self.shared.clock) {
            Verdict::Park(why) => self.park(why).await,
            _ => Ok(Next::Wait),
        }
    }

    fn caller(&self) -> Caller {
        let about = self.hook.key.as_str();
        Caller {
            tenant: self.hook.tenant.clone(),
            slot: Arc::clone(&self.slot.name),
            about: Some(Arc::from(about)),
        }
    }

    /// What the adapter may reach while it reads.
    async fn ports(&self, record: &Record) -> Result<Ports, StorageError> {
        let (tenant, adapter) = (self.hook.tenant.clone(), self.hook.adapter.clone());
        let mut ports = Ports {
            secrets: accept::secrets(self.view, &adapter),
            record: Some(Arc::clone(record)),
            hidden: self.mask.hidden(),
            ..Ports::none(self.now)
        };
        if let Some(outlet) = self.view.gates.get(&adapter).and_then(|gate| gate.outlet.clone()) {
            let subject = Subject::Hook(self.hook.id);
            let journal = Journal::open(&self.shared.store, subject, self.hook.attempt).await?;
            let (clock, course) = (Arc::clone(&self.shared.clock), Arc::default());
            let files = Arc::new(NoFiles);
            ports.http = Some(Box::new(Steps { outlet, journal, clock, course, files }));
        }
        if self.chain.config.adapters.get(&adapter).is_some_and(|slot| slot.grants.store) {
            ports.store = Some(Box::new(Kv::new(&self.shared.store, tenant, adapter).await));
        }
        Ok(ports)
    }

    async fn done(&mut self, entries: Vec<NewEntry>, kv: Vec<KvWrite>) -> Result<Next, StorageError> {
        let received = Received { entries, kv, ..self.received(HookOutcome::Done(self.hook.id)) };
        self.shared.store.received(received).await?;
        Ok(Next::Go)
    }

    /// Another time.
    async fn again(&mut self, asked: Option<u64>) -> Result<Next, StorageError> {
        let at = self.now + retry::pause(self.hook.attempt + 1, asked, &mut rand::rng());
        let received = self.received(HookOutcome::Retry { id: self.hook.id, at });
        self.shared.store.received(received).await?;
        Ok(Next::Wait)
    }

    async fn park(&mut self, park: Park) -> Result<Next, StorageError> {
        let park = Park { reason: self.mask.text(park.reason), ..park };
        let received = self.received(HookOutcome::Parked(self.hook.id, park));
        self.shared.store.received(received).await?;
        Ok(Next::Go)
    }

    fn received(&mut self, outcome: HookOutcome) -> Received {
        Received {
            hook: Some(outcome),
            tenant: self.hook.tenant.clone(),
            adapter: self.hook.adapter.clone(),
            at: self.now,
            entries: Vec::new(),
            kv: Vec::new(),
            trace: std::mem::take(&mut self.trace),
        }
    }
}

/// What the adapter wrote into its small state.
pub(crate) fn kept(ports: Ports) -> Vec<KvWrite> {
    let kv = ports.store.map(|store| (store as Box<dyn Any>).downcast::<Kv>());
    kv.and_then(Result::ok).map(|kv| kv.into_writes()).unwrap_or_default()
}

/// Whether the adapter will never read it, however often it is asked.
pub(super) fn never(failure: &adapter::Failure) -> bool {
    use adapter::FailureKind::{Gone, Rejected, Unsupported};
    matches!(failure.kind, Gone | Rejected | Unsupported)
}

/// Nobody has to wait longer than a month to be shown something.
const LONGEST: Millis = 30 * 86_400_000;

pub(super) fn new_entry(entry: &types::Entry, now: Millis) -> NewEntry {
    NewEntry {
        entry_id: entry.id.clone(),
        ticket: TicketId::from(entry.ticket.as_str()),
        body: steps::json(entry),
        not_before: entry.not_before.unwrap_or(0).min(now + LONGEST),
    }
}
