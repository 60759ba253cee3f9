//! A CRM is asked what is new: one page. Its entries and how far it was asked are one commit; until then nothing has
//! happened, and whatever goes wrong, the next poll asks for the same. Nothing can be set aside here: what fails is tried
//! again, ever more rarely, and shown.

use std::sync::Arc;

use patchbay_plugin::{CallError, Caller, Fault, Ports, Slot, Timed, adapter, polling::Page, ports::Record};
use patchbay_storage::{Polled, StorageError, Trace};
use patchbay_types::{AdapterName, Digest, Millis, TenantId};
use tracing::{error, info, warn};

use crate::{
    breaker::BreakerKey,
    crash,
    delivery::{Kv, said},
    news::{
        accept, bounds, hook,
        polls::{Begun, Hint, Key},
    },
    outside::{Course, Found, Pass, Reads},
    retry,
    shared::{Shared, View},
    signals, steps,
};

/// Where the tenant's chain is not there, it is looked for again so much later.
const NO_CHAIN: Millis = 1_000;

/// One page that is being asked for.
struct Polling<'a> {
    shared: &'a Arc<Shared>,
    view: &'a View,
    slot: &'a Slot,
    of: &'a Key,
    begun: Begun,
    caller: Caller,
    now: Millis,
    cursor: Option<String>,
    /// Leave to reach outside; none: it does not.
    pass: Option<Pass<'a>>,
    course: Arc<Course>,
    trace: Trace,
}

/// What asking came to.
enum Ended {
    Answered {
        new: u64,
        more: bool,
        again_at: Option<Millis>,
    },
    Failed(adapter::Failure),
    Faulted(Fault),
    /// The host does not take what it answers.
    Refused(String),
    NotKept(StorageError),
}

/// A webhook has said that there is something: its CRM is asked at once. Where it cannot be, that is said once.
pub(super) fn wanted(shared: &Shared, tenant: &TenantId, adapter: &AdapterName, component: Digest) {
    let hint = shared.polls.hint(&(tenant.clone(), adapter.clone()));
    let why = match hint {
        Hint::Taken => return,
        Hint::Deaf => "the component exports no `polling`",
        Hint::Off => "`poll` says never, or the adapter does not do it with these settings",
    };
    if shared.polls.is_new(&(tenant.clone(), adapter.clone()), component) {
        warn!(%tenant, %adapter, %component, why, "a webhook says that there is something new, and the CRM cannot be asked");
    }
}

/// Asks for a page. Whatever becomes of it, the schedule knows when to ask again.
pub(super) async fn poll(shared: &Arc<Shared>, of: &Key) {
    let now = shared.clock.now();
    let Some(begun) = shared.polls.begin(of, now) else { return };
    let view = shared.view(&of.0);
    let slot = view.as_ref().and_then(|view| view.chain.adapters.get(&of.1));
    let (Some(view), Some(slot)) = (&view, slot) else {
        return shared.polls.put_off(of, now + NO_CHAIN, false);
    };
    let caller = Caller { tenant: of.0.clone(), slot: Arc::clone(&slot.name), about: None };
    for key in [breaker(view, slot), whole(of, slot)] {
        if let Err(until) = shared.breakers.allow(&key, now) {
            return shared.polls.put_off(of, until, false);
        }
    }
    let reaches = view.gates.get(&of.1).is_some_and(|gate| gate.outlet.is_some());
    let pass = if reaches {
        match shared.connections.enter(of, view.chain.generation, begun.number, now) {
            Ok(pass) => Some(pass),
            Err(until) => return shared.polls.put_off(of, until, true),
        }
    } else {
        None
    };
    let cursor = match shared.store.cursor(&of.0, &of.1).await {
        Ok(cursor) => cursor,
        Err(error) => {
            warn!(tenant = %of.0, adapter = %of.1, %error, "a CRM is not asked: how far it was cannot be read");
            return shared.polls.put_off(of, now + pause(begun, None), false);
        }
    };
    if let Some(known) = &cursor {
        shared.polls.was_good(of, known.at);
    }
    let (cursor, course, trace) = (cursor.map(|known| known.cursor), Arc::default(), Trace::new());
    let mut polling = Polling { shared, view, slot, of, begun, caller, now, cursor, pass, course, trace };
    let ended = polling.ask().await;
    polling.settle(ended);
}

fn pause(begun: Begun, asked: Option<u64>) -> Millis {
    retry::pause(begun.failures.saturating_add(1), asked, &mut rand::rng())
}

/// A breaker of its own: a page that breaks the component must not hold up the tenant's deliveries.
fn breaker(view: &View, slot: &Slot) -> BreakerKey {
    (view.chain.tenant.clone(), format!("{}/polling", slot.name).into(), slot.plugin.digest())
}

/// The breaker of all that the component does.
fn whole(of: &Key, slot: &Slot) -> BreakerKey {
    (of.0.clone(), Arc::clone(&slot.name), slot.plugin.digest())
}

// === impl Polling ===

impl Polling<'_> {
    async fn ask(&mut self) -> Ended {
        if self.pass.as_ref().is_some_and(Pass::wants_probe)
            && let Some(down) = self.probe().await
        {
            return Ended::Failed(down);
        }
        let mut fault = None;
        for _ in 0..2 {
            let record = Record::default();
            let ports = self.ports(&record).await;
            crash::point("before-poll");
            let answer = self.slot.plugin.poll(&self.caller, ports, self.cursor.as_deref()).await;
            let mut kv = Vec::new();
            let answer = answer.map(|Timed { value, took, fuel }| {
                let value = value.map(|(page, ports)| {
                    kv = hook::kept(ports);
                    page
                });
                Timed { value, took, fuel }
            });
            let (slot, chain, input) = (&self.slot.name, &self.view.chain, steps::json(&[&self.cursor]));
            let mut step =
                steps::called("polling.poll", slot, chain, &self.slot.plugin, self.now, input, &answer);
            step.calls = steps::host_calls(&record);
            self.trace.push(step);
            match answer.map(|timed| timed.value) {
                Ok(Some(Ok(page))) => return self.keep(page, kv).await,
                Ok(Some(Err(failure))) => return Ended::Failed(failure),
                Ok(None) => return Ended::Refused("the component exports no `polling`".to_owned()),
                Err(CallError::Guest(error)) => return Ended::Refused(error),
                Err(CallError::Fault(error)) => fault = Some(error),
            }
        }
        fault.map_or_else(|| Ended::Refused(String::new()), Ended::Faulted)
    }

    async fn keep(&mut self, page: Page, kv: Vec<patchbay_storage::KvWrite>) -> Ended {
        if let Err(reason) = bounds::entries(&page.entries).and_then(|()| bounds::cursor(&page.cursor)) {
            return Ended::Refused(reason);
        }
        let entries = signals::take(self.shared, (&self.of.0, &self.of.1), page.entries, self.now);
        let went_on = self.cursor.as_ref() != Some(&page.cursor);
        let polled = Polled {
            tenant: self.of.0.clone(),
            adapter: self.of.1.clone(),
            at: self.now,
            cursor: page.cursor,
            entries: entries.iter().map(|entry| hook::new_entry(entry, self.now)).collect(),
            kv,
            trace: std::mem::take(&mut self.trace),
        };
        crash::point("before-page");
        let kept = self.shared.store.polled(polled).await;
        crash::point("after-page");
        match kept {
            Ok(kept) => {
                // One that says `more` and stands still would be asked for ever.
                let more = page.more && (went_on || kept.stored > 0);
                Ended::Answered { new: kept.stored, more, again_at: page.again_at }
            }
            Err(error) => Ended::NotKept(error),
        }
    }

    /// Where this connection was found down again and again, the adapter is asked first whether anybody is there: an
    /// outage is told so from a poll that alone does not work. Answers the failure, if nobody is.
    async fn probe(&mut self) -> Option<adapter::Failure> {
        let ports = self.ports(&Record::default()).await;
        let answer = self.slot.plugin.probe(&self.caller, ports).await;
        match answer.map(|timed| timed.value.0) {
            Ok(Err(failure)) if is_absence(&failure) => return Some(failure),
            Ok(_) if self.course.heard() => {
                if self.pass.as_ref().is_some_and(Pass::is_answered) {
                    self.release();
                }
            }
            // What it says without having asked anybody says nothing, and one that faults is no reason not to poll.
            _ => {}
        }
        self.course = Arc::default();
        None
    }

    /// What the adapter may reach.
    async fn ports(&self, record: &Record) -> Ports {
        let (tenant, adapter) = self.of.clone();
        let mut ports = Ports {
            secrets: accept::secrets(self.view, &adapter),
            record: Some(Arc::clone(record)),
            ..Ports::none(self.now)
        };
        if let Some(outlet) = self.view.gates.get(&adapter).and_then(|gate| gate.outlet.clone()) {
            ports.http = Some(Box::new(Reads { outlet, course: Arc::clone(&self.course) }));
        }
        if self.view.chain.config.adapters.get(&adapter).is_some_and(|slot| slot.grants.store) {
            ports.store = Some(Box::new(Kv::new(&self.shared.store, tenant, adapter).await));
        }
        ports
    }

    /// Tells the schedule, the connection and the breakers.
    fn settle(&self, ended: Ended) {
        let (tenant, adapter) = self.of;
        let word = match &ended {
            Ended::Answered { .. } => "answered",
            Ended::Failed(_) => "failed",
            Ended::Faulted(_) => "faulted",
            Ended::Refused(_) => "refused",
            Ended::NotKept(_) => "not-kept",
        };
        let labels = [("tenant", tenant.to_string()), ("adapter", adapter.to_string())];
        let [tenant_label, adapter_label] = labels.clone();
        metrics::counter!(
            "patchbay_polls_total",
            &[tenant_label, adapter_label, ("outcome", word.to_owned())]
        )
        .increment(1);
        let polls = &self.shared.polls;
        if !matches!(ended, Ended::Faulted(_)) {
            self.shared.breakers.passed(&breaker(self.view, self.slot));
        }
        match ended {
            Ended::Answered { new, more, again_at } => {
                self.is_up();
                metrics::counter!("patchbay_poll_entries_total", &labels).increment(new);
                if self.begun.failures > 0 {
                    info!(%tenant, %adapter, "the CRM can be asked what is new again");
                }
                polls.answered(self.of, self.now, (new, more, again_at), &mut rand::rng());
            }
            Ended::Failed(failure) => self.failed(&failure),
            Ended::Faulted(fault) => self.faulted(&fault),
            Ended::Refused(reason) => {
                self.is_up();
                error!(%tenant, %adapter, component = %self.slot.plugin.digest(), reason, "a poll's answer is refused");
                self.again(None, format!("refused: {reason}"));
            }
            Ended::NotKept(why) => {
                self.is_up();
                error!(%tenant, %adapter, %why, "what a poll brought is not kept: the CRM is asked for it again");
                self.again(None, format!("what it brought could not be kept: {why}"));
            }
        }
    }

    fn failed(&self, failure: &adapter::Failure) {
        let (tenant, adapter) = self.of;
        let why = said(failure);
        if failure.kind == adapter::FailureKind::Unsupported {
            warn!(%tenant, %adapter, why, "the adapter does not poll: it is not asked again before a component or a setting changes");
            return self.shared.polls.unsupported(self.of, self.now, why);
        }
        if hook::never(failure) || failure.kind == adapter::FailureKind::Unauthorised {
            error!(%tenant, %adapter, why, "the CRM does not say what is new: until that is mended its news come by webhooks alone");
        } else {
            warn!(%tenant, %adapter, failures = self.begun.failures + 1, why, "the CRM was not asked what is new");
        }
        if !is_absence(failure) {
            self.is_up();
            return self.again(failure.retry_after, why);
        }
        let Some(pass) = &self.pass else { return self.again(failure.retry_after, why) };
        match pass.is_down(self.now, failure.retry_after, &mut rand::rng()) {
            Found::Down(until) => self.shared.polls.failed(self.of, self.now, (until, true), why),
            Found::Alone(_) => self.again(failure.retry_after, why),
        }
    }

    fn faulted(&self, fault: &Fault) {
        let (shared, plugin, now) = (self.shared, &self.slot.plugin, self.now);
        let (tenant, adapter) = self.of;
        // Is it this page, or the component?
        let golden = plugin.golden(&self.caller);
        error!(%tenant, %adapter, component = %plugin.digest(), %fault, golden_call_passes = golden.is_ok(),
            "the component faulted twice when it was to ask what is new");
        let whose = if golden.is_ok() { breaker(self.view, self.slot) } else { whole(self.of, self.slot) };
        let until = shared.breakers.trip(&whose, now);
        let until = until.max(now + pause(self.begun, None));
        shared.polls.failed(self.of, now, (until, false), fault.to_string());
    }

    fn again(&self, asked: Option<u64>, why: String) {
        self.shared.polls.failed(self.of, self.now, (self.now + pause(self.begun, asked), false), why);
    }

    /// Where the other side has answered, those who waited for that go on.
    fn is_up(&self) {
        if self.course.heard() && self.pass.as_ref().is_some_and(Pass::is_up) {
            self.release();
        }
    }

    fn release(&self) {
        let (tenant, adapter) = self.of;
        self.shared.deliveries.release(|lane| lane.tenant == *tenant && lane.adapter == *adapter);
    }
}

fn is_absence(failure: &adapter::Failure) -> bool {
    matches!(failure.kind, adapter::FailureKind::Unavailable | adapter::FailureKind::Unauthorised)
}
