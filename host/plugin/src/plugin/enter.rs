//! How a call begins: an instance is taken or made, and its clock started.

use std::time::Instant;

use futures::executor::block_on;
use wasmtime::{Result, Store, component::Instance};

use super::Plugin;
use crate::{
    call::{CallError, Caller, FaultKind},
    instance::{self, Visit},
    ports::Ports,
    prepare,
    slots::Permit,
    state::{State, Wall},
    ticker::ticks,
    wit::exports::patchbay::plugin::plugin::Problem,
};

impl Plugin {
    /// An instance for one call that runs to its end on this thread.
    pub(super) fn enter(&self, caller: &Caller) -> Result<Visit, CallError> {
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
    pub(super) async fn enter_async(&self, caller: &Caller, ports: Ports) -> Result<Visit, CallError> {
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
}
