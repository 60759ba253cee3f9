//! Whether every function that a component exports has the contract's own types. Calls look at one function at a time;
//! a wrong one is to be found when the component is loaded, not at the first event that needs it.

use futures::executor::block_on;
use wasmtime::{Result, error::Context as _};

use super::Plugin;
use crate::{
    call::Caller,
    instance::Visit,
    ports::Ports,
    runtime::World,
    wit::exports::patchbay::plugin::{adapter, mapping, plugin, polling, routing, webhooks},
};

impl Plugin {
    /// # Errors
    /// When there is no instance of it, or a function is not as the contract has it.
    pub(crate) fn conforms(&self, caller: &Caller) -> Result<()> {
        let visit = match self.0.parts.world {
            World::Adapter => block_on(self.enter_async(caller, Ports::none(0))),
            World::Mapper | World::Router => self.enter(caller),
        };
        let Visit { store, instance, .. } = &mut visit.map_err(wasmtime::Error::new)?;
        let pre = &self.0.pre;
        plugin::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `plugin`")?;
        let functions = &self.0.functions;
        if functions.from_matrix.is_some() {
            mapping::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `mapping`")?;
        }
        if functions.decide.is_some() {
            routing::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `routing`")?;
        }
        if functions.open.is_some() {
            adapter::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `adapter`")?;
        }
        if functions.receive.is_some() {
            webhooks::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `webhooks`")?;
        }
        if functions.poll.is_some() {
            polling::GuestIndices::new(pre)?.load(&mut *store, instance).context("in `polling`")?;
        }
        Ok(())
    }
}
