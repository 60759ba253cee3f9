//! `plugin bench`: what one call costs, and how far it stays below its limits.

use std::time::Duration;

use patchbay_plugin::Plugin;
use patchbay_types::{
    tenant::{InstancePolicy, Limits},
    units::{Bytes, Span},
};
use serde::Serialize;

use crate::{
    case::{Answer, Case, Function, Step},
    component::Component,
    error::WorkbenchError,
    sandbox::{Ran, Sandbox},
};

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Bench {
    /// What was called.
    pub function: Function,
    /// How often, for each cost.
    pub calls: u32,
    /// In a fresh sandbox for every call, as hosts do by default.
    pub fresh: Cost,
    /// In an instance that is kept.
    pub warm: Cost,
    /// What it takes, beside what it may take.
    pub needs: Needs,
}

/// The cost of one call, in microseconds of wall-clock time; an adapter's host answers at once here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Half of the calls take no longer.
    pub p50_us: f64,
    /// Of a hundred calls, one takes longer.
    pub p99_us: f64,
}

/// What a call takes, and the most that it may take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Needs {
    /// Linear memory without which it, or the host's golden call, does not come to its end.
    pub memory: Bytes,
    /// The most that it may have.
    pub memory_limit: Bytes,
    /// The longest that it may take.
    pub time_limit: Span,
    /// Instructions, as `limits.fuel` counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// The most that it may use, where that is bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_limit: Option<u64>,
}

/// WebAssembly's unit of memory.
const PAGE: u64 = 64 << 10;

/// As good as no budget, and yet counted.
const COUNTED: u64 = u64::MAX / 2;

/// Asks `component` what `case` asks of its world first, `calls` times.
///
/// # Errors
/// When the case asks nothing of its world, or the component does not come to an answer.
pub fn bench(
    sandbox: &Sandbox,
    component: &Component,
    case: &Case,
    calls: u32,
) -> Result<Bench, WorkbenchError> {
    let world = component.world();
    let step = case.steps.iter().find(|step| Some(step.function.world()) == world).ok_or_else(|| {
        WorkbenchError::Refused(format!("the case `{}` asks nothing of {}", case.name, component.title()))
    })?;
    let calls = calls.max(1);
    let with = |limits: Limits, instance| {
        let mut wanted = Sandbox::wanted(step, component);
        (wanted.limits, wanted.instance) = (limits, instance);
        sandbox.load(&wanted)
    };
    let limits = Sandbox::wanted(step, component).limits;
    let refused = |why: String| WorkbenchError::Refused(format!("{}: {why}", component.title()));

    let fresh = with(limits, InstancePolicy::Fresh).map_err(refused)?;
    let first = sandbox.call(step, &fresh);
    if let Answer::Fault(_) | Answer::Refused(_) = first.answer {
        let why = serde_json::to_string(&first.answer).unwrap_or_default();
        return Err(refused(format!("it does not come to an answer: {why}")));
    }
    let warm = with(limits, InstancePolicy::Warm(u32::MAX)).map_err(refused)?;
    let metered = with(Limits { fuel: Some(COUNTED), ..limits }, InstancePolicy::Fresh).map_err(refused)?;

    let asked = component.manifest.as_ref().map_or_else(Limits::default, |manifest| manifest.limits);
    let default = step.function.world().defaults();
    let memory_limit = least(asked.memory, step.limits.memory.or(default.memory)).unwrap_or(Bytes::mib(16));
    let enough = |memory: Bytes| {
        let limits = Limits { memory: Some(memory), ..limits };
        with(limits, InstancePolicy::Fresh)
            .is_ok_and(|plugin| sandbox.call(step, &plugin).answer == first.answer)
    };
    Ok(Bench {
        function: step.function,
        calls,
        fresh: cost(sandbox, step, &fresh, calls),
        warm: cost(sandbox, step, &warm, calls),
        needs: Needs {
            memory: least_memory(memory_limit, enough),
            memory_limit,
            time_limit: least(asked.time, step.limits.time.or(default.time)).unwrap_or_default(),
            fuel: sandbox.call(step, &metered).fuel,
            fuel_limit: step.limits.fuel.map(|fuel| asked.fuel.unwrap_or(fuel).min(fuel)).or(asked.fuel),
        },
    })
}

fn cost(sandbox: &Sandbox, step: &Step, plugin: &Plugin, calls: u32) -> Cost {
    let took = |_| {
        let Ran { took, .. } = sandbox.call(step, plugin);
        took
    };
    // Whatever is done the first time only is not what a call costs.
    for _ in 0..calls.min(10) {
        let _ = sandbox.call(step, plugin);
    }
    let mut times: Vec<Duration> = (0..calls).map(took).collect();
    times.sort();
    Cost { p50_us: percentile(&times, 50), p99_us: percentile(&times, 99) }
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    let nanos = sorted.get(rank).map_or(0, Duration::as_nanos);
    // Tenths of a microsecond are more than a clock is good for.
    (nanos / 100) as f64 / 10.0
}

/// The least memory that is enough, in pages, between nothing and `most`, which is.
fn least_memory(most: Bytes, enough: impl Fn(Bytes) -> bool) -> Bytes {
    let (mut too_little, mut plenty) = (0, most.0.div_ceil(PAGE));
    while plenty - too_little > 1 {
        let middle = too_little + (plenty - too_little) / 2;
        if enough(Bytes(middle * PAGE)) {
            plenty = middle;
        } else {
            too_little = middle;
        }
    }
    Bytes(plenty * PAGE)
}

fn least<T: Ord>(asked: Option<T>, granted: Option<T>) -> Option<T> {
    match (asked, granted) {
        (Some(asked), Some(granted)) => Some(asked.min(granted)),
        (asked, granted) => asked.or(granted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_memory_is_found_to_the_page() {
        for needed in [1, 2, 17, 255, 256] {
            let found = least_memory(Bytes(256 * PAGE), |memory| memory.0 >= needed * PAGE);
            assert_eq!(found, Bytes(needed * PAGE));
        }
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_micros).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), (50.0, 99.0));
        assert_eq!(percentile(&times[..1], 99), 1.0);
    }
}
