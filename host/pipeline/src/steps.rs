//! Writing down what each step was asked and what it answered.

use patchbay_plugin::{
    CallError, Chain, Plugin, Timed,
    ports::{self, Record},
};
use patchbay_storage::{HostCall, Step};
use patchbay_types::Millis;
use serde::Serialize;

use crate::shared::lock;

/// A step of a plugin: `input` and the answer go in as JSON.
pub(crate) fn called<T: Serialize>(
    name: &str,
    slot: &str,
    chain: &Chain,
    plugin: &Plugin,
    at: Millis,
    input: String,
    answer: &Result<Timed<T>, CallError>,
) -> Step {
    let (took_us, outcome, answer) = match answer {
        Ok(timed) => (micros(timed.took), "ok".to_owned(), json(&timed.value)),
        Err(CallError::Guest(error)) => (0, "error".to_owned(), json(error)),
        Err(CallError::Fault(fault)) => (0, fault.kind.to_string(), json(&fault.detail)),
    };
    Step {
        name: name.to_owned(),
        slot: slot.to_owned(),
        component: Some(plugin.digest().to_string()),
        settings: Some(plugin.settings_digest().to_string()),
        generation: i64::try_from(chain.generation).unwrap_or(i64::MAX),
        at,
        took_us,
        outcome,
        input,
        answer,
        calls: Vec::new(),
    }
}

/// Takes what a plugin has asked of the host since it was last looked at.
pub(crate) fn host_calls(record: &Record) -> Vec<HostCall> {
    let calls = std::mem::take(&mut *lock(record));
    let kept =
        |call: ports::HostCall| HostCall { function: call.function, input: call.input, answer: call.answer };
    calls.into_iter().map(kept).collect()
}

/// A step of the host itself.
pub(crate) fn host(name: &str, at: Millis, outcome: &str, answer: impl Into<String>) -> Step {
    Step {
        name: name.to_owned(),
        at,
        outcome: outcome.to_owned(),
        answer: json(&answer.into()),
        ..Step::default()
    }
}

/// Any of the contract's values as JSON text. They all can be written so.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("\"{error}\""))
}

fn micros(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
