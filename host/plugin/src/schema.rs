//! A component's settings schema: the one thing that it can be asked before it has settings.

use std::sync::Arc;

use futures::executor::block_on;
use patchbay_types::{
    Digest, TenantId,
    tenant::{InstancePolicy, Limits},
};

use crate::{
    bounds::Bounds,
    call::Caller,
    host_fns::log::printable,
    instance, linker,
    ports::Ports,
    prepare::Ingredients,
    runtime::{LoadError, Runtime, World},
    state::State,
    wit::exports::patchbay::plugin::plugin::GuestIndices,
};

// === impl Runtime ===

impl Runtime {
    /// Asks a component for the JSON Schema of its settings, within the limits of `prepare` and with `log` alone. What
    /// comes back is the guest's own text: no one has looked whether it is a schema.
    ///
    /// # Errors
    /// When it does not compile, is of another contract, or faults.
    pub fn settings_schema(&self, bytes: &Arc<[u8]>) -> Result<String, LoadError> {
        let refused = |error: wasmtime::Error| LoadError::Refused(printable(&format!("{error:#}"), 500));
        let limits = Limits::default();
        let bounds = Bounds::effective(World::Adapter, &limits, &limits);
        let engine = self.engine().map_err(refused)?;
        let ingredients = Ingredients {
            bytes: Arc::clone(bytes),
            digest: Digest::of(bytes),
            settings: Arc::from("{}"),
            bounds,
        };
        let image = self.images().get(&engine, InstancePolicy::Warm(1), &ingredients)?;
        let pre = linker::link_for_prepare(&engine, &image.component).map_err(refused)?;
        let caller = Caller { tenant: TenantId::new("-"), slot: Arc::from("schema"), about: None };
        let state = State::new(&caller, ingredients.digest, &ingredients.settings, bounds, Ports::none(0));
        let mut store = instance::store(&engine, state);
        instance::arm_prepare(&mut store);
        let instance = pre.instantiate(&mut store).map_err(refused)?;
        let exports = GuestIndices::new(&pre).and_then(|indices| indices.load(&mut store, &instance));
        block_on(exports.map_err(refused)?.call_settings_schema(&mut store)).map_err(refused)
    }
}
