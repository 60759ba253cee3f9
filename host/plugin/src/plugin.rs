//! A component made ready with one tenant's settings, and what happens around each of its calls: an instance is taken,
//! its clock started, its answer judged, its end counted. The calls themselves are in [`pure`] and [`adapter`].

mod adapter;
mod conform;
mod functions;
mod golden;
mod pure;
mod warm;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::executor::block_on;
use patchbay_types::{Digest, tenant::InstancePolicy};
use wasmtime::{
    Result, Store,
    component::{Instance, InstancePre},
};

use crate::{
    answer::{self, Answer},
    bounds::Bounds,
    call::{CallError, Caller, Fault, FaultKind, Timed},
    engine::Engine,
    fault,
    host_fns::log::printable,
    image::Image,
    instance::{self, Visit},
    linker,
    meters::{Meters, Outcome},
    plugin::{functions::Functions, warm::Warm},
    ports::Ports,
    prepare,
    runtime::World,
    slots::{Permit, Slots},
    state::{State, Wall},
    ticker::ticks,
    wit::exports::patchbay::plugin::plugin::Problem,
};

/// A component made ready with one tenant's settings: cheap to clone, callable from any thread.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

/// What a plugin is made of.
pub(crate) struct Parts {
    pub(crate) digest: Digest,
    pub(crate) settings: Arc<str>,
    pub(crate) world: World,
    pub(crate) bounds: Bounds,
    pub(crate) policy: InstancePolicy,
    pub(crate) engine: Engine,
    pub(crate) image: Arc<Image>,
    pub(crate) slots: Arc<Slots>,
}

struct Inner {
    parts: Parts,
    pre: InstancePre<State>,
    settings: Digest,
    functions: Functions,
    warm: Warm,
    meters: Meters,
}

// === impl Plugin ===

impl Plugin {
    /// # Errors
    /// When the component's imports or exports are not of the contract's types.
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            pre: linker::link(&parts.engine, &parts.image.component, parts.world)?,
            settings: Digest::of(parts.settings.as_bytes()),
            functions: Functions::find(&parts.image.component)?,
            warm: Warm::new(parts.policy),
            meters: Meters::default(),
            parts,
        })))
    }

    /// The component's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.parts.digest
    }

    /// The settings' digest.
    #[must_use]
    pub fn settings_digest(&self) -> Digest {
        self.0.settings
    }

    /// An instance for one call that runs to its end on this thread.
    fn enter(&self, caller: &Caller) -> Result<Visit, CallError> {
        let ports = Ports::none(0);
        if let Some(mut visit) = self.0.warm.take() {
            visit.store.data_mut().renew(caller, ports);
            return match instance::arm(&mut visit.store) {
                Ok(()) => Ok(visit),
                Err(error) => Err(self.faulted(caller, &visit.store, &error)),
            };
        }
        let permit = self.0.parts.slots.enter_blocking().ok_or_else(|| self.closing())?;
        let mut store = self.store(caller, ports);
        let entered = instance::arm(&mut store).and_then(|()| self.0.pre.instantiate(&mut store));
        let entered = entered.and_then(|instance| {
            if self.0.warm.is_kept() {
                block_on(self.prepare(&mut store, &instance))?;
                instance::arm(&mut store)?;
            }
            Ok(instance)
        });
        self.entered(caller, store, entered, permit)
    }

    /// An instance for one call on a fibre.
    async fn enter_async(&self, caller: &Caller, ports: Ports) -> Result<Visit, CallError> {
        if let Some(mut visit) = self.0.warm.take() {
            visit.store.data_mut().renew(caller, ports);
            return match instance::arm_async(&mut visit.store) {
                Ok(()) => Ok(visit),
                Err(error) => Err(self.faulted(caller, &visit.store, &error)),
            };
        }
        let permit = self.0.parts.slots.enter().await.ok_or_else(|| self.closing())?;
        let mut store = self.store(caller, ports);
        let entered = async {
            instance::arm_async(&mut store)?;
            let instance = self.0.pre.instantiate_async(&mut store).await?;
            if self.0.warm.is_kept() {
                self.prepare(&mut store, &instance).await?;
                instance::arm_async(&mut store)?;
            }
            Ok(instance)
        }
        .await;
        self.entered(caller, store, entered, permit)
    }

    fn store(&self, caller: &Caller, ports: Ports) -> Store<State> {
        let parts = &self.0.parts;
        instance::store(&parts.engine, State::new(caller, parts.digest, &parts.settings, parts.bounds, ports))
    }

    fn entered(
        &self,
        caller: &Caller,
        store: Store<State>,
        entered: Result<Instance>,
        permit: Permit,
    ) -> Result<Visit, CallError> {
        match entered {
            Ok(instance) => Ok(Visit { store, instance, calls: 0, _permit: permit }),
            Err(error) => Err(self.faulted(caller, &store, &error)),
        }
    }

    /// `prepare` for a guest that cannot be snapshotted: once in each instance that is kept, within the time of
    /// `prepare`.
    async fn prepare(&self, store: &mut Store<State>, instance: &Instance) -> Result<()> {
        let state = store.data_mut();
        let time = std::mem::replace(&mut state.bounds.time, state.bounds.prepare_time);
        state.preparing = true;
        store.set_epoch_deadline(ticks(store.data().bounds.prepare_time));
        let function = instance
            .get_typed_func::<(), (Result<(), Vec<Problem>>,)>(&mut *store, self.0.functions.prepare)?;
        let prepared = function.call_async(&mut *store, ()).await;
        let state = store.data_mut();
        state.bounds.time = time;
        state.preparing = false;
        state.started = Instant::now();
        match prepared?.0 {
            Ok(()) => Ok(()),
            Err(problems) => {
                Err(Wall { kind: FaultKind::Trap, detail: prepare::wrong(&problems).to_string() }.into())
            }
        }
    }

    /// The end of a call: judged, counted, and the instance kept where that is wanted and nothing went wrong.
    fn leave<T: Answer>(
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

    fn faulted(&self, caller: &Caller, store: &Store<State>, error: &wasmtime::Error) -> CallError {
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

    fn closing(&self) -> CallError {
        self.misused("the runtime is closing")
    }

    /// The host called what this component does not have.
    fn misused(&self, detail: &str) -> CallError {
        Fault { kind: FaultKind::Trap, detail: detail.to_owned(), component: self.digest() }.into()
    }
}

/// Ends the wait for `call` when its time is over. The epoch ends a guest that computes; this one ends a guest that
/// waits for the host. Without a runtime there is nothing to wait for.
async fn timely<T>(time: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
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
fn said(error: &str) -> CallError {
    CallError::Guest(printable(error, 2 << 10))
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("digest", &self.digest()).field("settings", &self.0.settings).finish()
    }
}
