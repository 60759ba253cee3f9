//! Metrics of calls. Handles are looked up once for each tenant and slot, since a call is shorter than a look-up.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, counter, histogram};
use patchbay_types::TenantId;

use crate::call::{Caller, FaultKind};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Value,
    Error,
    Fault(FaultKind),
}

/// The meters of one plugin, by who calls it.
#[derive(Default)]
pub(crate) struct Meters {
    by_tenant: RwLock<HashMap<TenantId, BySlot>>,
}

type BySlot = HashMap<Arc<str>, Arc<Meter>>;

struct Meter {
    value: Counter,
    error: Counter,
    seconds: Histogram,
    dropped: Counter,
}

// === impl Meters ===

impl Meters {
    /// Counts a call that has ended, and the lines of log that were dropped in it.
    pub(crate) fn record(&self, caller: &Caller, outcome: Outcome, took: Duration, dropped_lines: u32) {
        let meter = self.meter(caller);
        match outcome {
            Outcome::Value => meter.value.increment(1),
            Outcome::Error => meter.error.increment(1),
            Outcome::Fault(kind) => calls(caller, kind.as_str()).increment(1),
        }
        meter.seconds.record(took.as_secs_f64());
        if dropped_lines > 0 {
            meter.dropped.increment(u64::from(dropped_lines));
        }
    }

    fn meter(&self, caller: &Caller) -> Arc<Meter> {
        let known = self.by_tenant.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = known.get(&caller.tenant).and_then(|slots| slots.get(&caller.slot)) {
            return Arc::clone(meter);
        }
        drop(known);
        let mut known = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
        let slots = known.entry(caller.tenant.clone()).or_default();
        Arc::clone(slots.entry(Arc::clone(&caller.slot)).or_insert_with(|| Arc::new(Meter::new(caller))))
    }
}

// === impl Meter ===

impl Meter {
    fn new(caller: &Caller) -> Self {
        let labels = || [("tenant", caller.tenant.to_string()), ("slot", caller.slot.to_string())];
        Self {
            value: calls(caller, "value"),
            error: calls(caller, "error"),
            seconds: histogram!("patchbay_plugin_call_seconds", &labels()),
            dropped: counter!("patchbay_plugin_log_lines_dropped_total", &labels()),
        }
    }
}

fn calls(caller: &Caller, outcome: &'static str) -> Counter {
    let (tenant, slot) = (caller.tenant.to_string(), caller.slot.to_string());
    counter!("patchbay_plugin_calls_total", "tenant" => tenant, "slot" => slot, "outcome" => outcome)
}
