//! What becomes of a call that gives no value. An error of the guest's own and a fault that repeats while the golden
//! call passes concern this one event: the slot's failure policy says what happens to it. A component that fails its
//! golden call too, or faults again and again, is left alone for a while: its lanes are held.

use std::sync::Arc;

use patchbay_plugin::{CallError, Caller, Chain, Fault, Plugin, Slot, Timed};
use patchbay_storage::{Park, Trace};
use patchbay_types::{Clock, Millis, tenant::FailurePolicy};
use serde::Serialize;
use tracing::warn;

use crate::{
    breaker::{BreakerKey, Breakers},
    steps,
};

/// What a slot came to.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// A value.
    Value(T),
    /// This one event is set aside.
    Park(Park),
    /// This one event is dropped, as the tenant wishes; why.
    Skip(String),
    /// Everything in this lane waits until then.
    Hold(Millis),
}

/// A slot that is about to be called.
pub(crate) struct Called<'a> {
    /// The generation.
    pub chain: &'a Chain,
    /// The slot.
    pub slot: &'a Slot,
    /// For whom and about what.
    pub caller: &'a Caller,
    /// The function, as traces name it: `mapper.from-matrix`.
    pub name: &'a str,
}

// === impl Called ===

impl Called<'_> {
    /// Calls a pure function of the slot's plugin, twice if it faults, its fallback if the tenant wants one.
    pub(crate) fn run<T: Serialize>(
        &self,
        breakers: &Breakers,
        clock: &dyn Clock,
        trace: &mut Trace,
        input: &str,
        call: impl Fn(&Plugin) -> Result<Timed<T>, CallError>,
    ) -> Verdict<T> {
        let first = self.attempt(&self.slot.plugin, breakers, clock, trace, input, &call);
        let (Verdict::Park(_), Some(fallback)) = (&first, &self.slot.fallback) else {
            return self.by_policy(first);
        };
        self.attempt(fallback, breakers, clock, trace, input, &call)
    }

    /// What the slot's policy makes of an event that would be parked.
    pub(crate) fn by_policy<T>(&self, verdict: Verdict<T>) -> Verdict<T> {
        match verdict {
            Verdict::Park(park) if self.slot.on_fault == FailurePolicy::Skip => Verdict::Skip(park.reason),
            other => other,
        }
    }

    /// The key of the plugin's breaker.
    #[must_use]
    pub(crate) fn breaker(&self, plugin: &Plugin) -> BreakerKey {
        (self.caller.tenant.clone(), Arc::clone(&self.slot.name), plugin.digest())
    }

    /// Judges a second fault: the event's fault, or the component's?
    pub(crate) fn second_fault<T>(
        &self,
        plugin: &Plugin,
        fault: &Fault,
        breakers: &Breakers,
        clock: &dyn Clock,
    ) -> Verdict<T> {
        let (tenant, slot, about) = (&self.caller.tenant, &self.slot.name, self.caller.about.as_deref());
        match plugin.golden(self.caller) {
            Ok(()) => {
                warn!(%tenant, %slot, component = %plugin.digest(), event = about, %fault, "parked: it faulted twice, while the golden call passes");
                Verdict::Park(self.park(plugin, fault.to_string()))
            }
            Err(error) => {
                let until = breakers.trip(&self.breaker(plugin), clock.now());
                warn!(%tenant, %slot, component = %plugin.digest(), %error, "held: the golden call fails too");
                Verdict::Hold(until)
            }
        }
    }

    /// Why this slot's plugin has an event set aside.
    #[must_use]
    pub(crate) fn park(&self, plugin: &Plugin, reason: String) -> Park {
        Park {
            slot: Some(self.slot.name.to_string()),
            component: Some(plugin.digest().to_string()),
            reason,
            behind: None,
        }
    }

    fn attempt<T: Serialize>(
        &self,
        plugin: &Plugin,
        breakers: &Breakers,
        clock: &dyn Clock,
        trace: &mut Trace,
        input: &str,
        call: &impl Fn(&Plugin) -> Result<Timed<T>, CallError>,
    ) -> Verdict<T> {
        let key = self.breaker(plugin);
        let mut faults = 0;
        loop {
            let now = clock.now();
            if let Err(until) = breakers.allow(&key, now) {
                return Verdict::Hold(until);
            }
            let answer = call(plugin);
            trace.push(steps::called(
                self.name,
                &self.slot.name,
                self.chain,
                plugin,
                now,
                input.to_owned(),
                &answer,
            ));
            match answer {
                Ok(timed) => {
                    // An event that is parked says nothing of the component; one that passes at the second try does.
                    if faults > 0 {
                        breakers.faulted(&key, now);
                    } else {
                        breakers.passed(&key);
                    }
                    return Verdict::Value(timed.value);
                }
                Err(CallError::Guest(error)) => return Verdict::Park(self.park(plugin, error)),
                Err(CallError::Fault(fault)) => {
                    faults += 1;
                    if faults == 2 {
                        return self.second_fault(plugin, &fault, breakers, clock);
                    }
                }
            }
        }
    }
}
