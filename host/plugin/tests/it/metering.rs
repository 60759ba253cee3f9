//! What operators see of calls.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use patchbay_plugin::{World, mapping::Mapped};

use crate::{
    corpus::{At, corpus},
    guest::Guest,
    host::{Host, caller},
    values,
};

/// Adds up counters, and counts what goes into histograms.
#[derive(Clone, Default)]
struct Sums(Arc<Mutex<BTreeMap<String, u64>>>);

struct Sum {
    of: String,
    all: Sums,
}

impl Sums {
    fn sum(&self, key: &Key) -> Arc<Sum> {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        Arc::new(Sum { of: format!("{}{}", key.name(), labels.collect::<String>()), all: self.clone() })
    }
}

impl Recorder for Sums {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.sum(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.sum(key))
    }
}

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        *self.all.0.lock().unwrap().entry(self.of.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Sum {
    fn record(&self, _: f64) {
        CounterFn::increment(self, 1);
    }
}

#[test]
fn each_outcome_and_each_dropped_line_is_counted_under_its_tenant_and_slot() {
    let sums = Sums::default();
    metrics::with_local_recorder(&sums, || {
        let host = Host::new();
        let evil = |name: &str| {
            let evil = corpus().into_iter().find(|evil| evil.name == name).unwrap();
            host.load(evil.guest("mapper", At::Call), World::Mapper).unwrap()
        };
        let refuses = Guest::of("mapper")
            .body("to-matrix", "(i32.store8 (i32.const 2000) (i32.const 1)) (i32.const 2000)")
            .build();
        let refuses = host.load(refuses, World::Mapper).unwrap();
        let mapped = refuses.from_matrix(&caller(), &values::event(), &values::room()).unwrap();
        assert!(matches!(mapped.value, Mapped::Message(_)));
        refuses.to_matrix(&caller(), &values::update()).unwrap_err();
        evil("panics").to_matrix(&caller(), &values::update()).unwrap_err();
        evil("floods-the-log").to_matrix(&caller(), &values::update()).unwrap();
    });
    let sums = sums.0.lock().unwrap();
    for (metric, value) in [
        ("patchbay_plugin_calls_total tenant=acme slot=mapper outcome=value", 2),
        ("patchbay_plugin_calls_total tenant=acme slot=mapper outcome=error", 1),
        ("patchbay_plugin_calls_total tenant=acme slot=mapper outcome=trap", 1),
        ("patchbay_plugin_log_lines_dropped_total tenant=acme slot=mapper", 1984),
        ("patchbay_plugin_call_seconds tenant=acme slot=mapper", 4),
    ] {
        assert_eq!(sums.get(metric), Some(&value), "{metric} in {sums:#?}");
    }
}
