//! How a call ends: its answer judged, its end counted, and the instance kept where that is wanted.

use std::time::Duration;

use wasmtime::{Result, Store};

use super::Plugin;
use crate::{
    answer::{self, Answer},
    call::{CallError, Caller, Fault, FaultKind, Timed},
    fault,
    host_fns::log::printable,
    instance::Visit,
    meters::Outcome,
    ports::Ports,
    state::{State, Wall},
};

impl Plugin {
    /// The end of a call: judged, counted, and the instance kept where that is wanted and nothing went wrong.
    pub(super) fn leave<T: Answer>(
        &self,
        caller: &Caller,
        mut visit: Visit,
        answer: Result<T>,
    ) -> Result<(Timed<T>, Ports), CallError> {
        let judged = answer.and_then(|value| {
            answer::check(&value)?;
            Ok(value)
        });
        let value = match judged {
            Ok(value) => value,
            Err(error) => return Err(self.faulted(caller, &visit.store, &error)),
        };
        let budget = visit.store.data().bounds.fuel;
        let fuel = budget.map(|budget| budget.saturating_sub(visit.store.get_fuel().unwrap_or(0)));
        let state = visit.store.data_mut();
        let took = state.started.elapsed();
        let ports = std::mem::replace(&mut state.ports, Ports::none(0));
        let outcome = if value.is_error() { Outcome::Error } else { Outcome::Value };
        self.0.meters.record(caller, outcome, took, state.dropped_lines);
        if self.0.warm.is_kept() {
            self.0.warm.put(visit, &self.0.parts.slots);
        }
        Ok((Timed { value, took, fuel }, ports))
    }

    pub(super) fn faulted(
        &self,
        caller: &Caller,
        store: &Store<State>,
        error: &wasmtime::Error,
    ) -> CallError {
        let state = store.data();
        let fault = fault::of(self.0.parts.digest, error, state.starved);
        let took = state.started.elapsed();
        self.0.meters.record(caller, Outcome::Fault(fault.kind), took, state.dropped_lines);
        tracing::warn!(
            tenant = %caller.tenant,
            slot = %caller.slot,
            digest = %fault.component.short(),
            event = caller.about.as_deref(),
            kind = fault.kind.as_str(),
            detail = fault.detail,
            "a plugin's call was ended by the sandbox",
        );
        fault.into()
    }

    pub(super) fn closing(&self) -> CallError {
        self.misused("the runtime is closing")
    }

    /// The host called what this component does not have.
    pub(super) fn misused(&self, detail: &str) -> CallError {
        Fault { kind: FaultKind::Trap, detail: detail.to_owned(), component: self.digest() }.into()
    }
}

/// Ends the wait for `call` when its time is over. The epoch ends a guest that computes; this one ends a guest that
/// waits for the host. Without a runtime there is nothing to wait for.
pub(super) async fn timely<T>(time: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    if tokio::runtime::Handle::try_current().is_err() {
        return call.await;
    }
    match tokio::time::timeout(time, call).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("it was still waiting after {} ms", time.as_millis());
            Err(Wall { kind: FaultKind::Timeout, detail }.into())
        }
    }
}

/// A guest's own error, in its words, cut.
pub(super) fn said(error: &str) -> CallError {
    CallError::Guest(printable(error, 2 << 10))
}
