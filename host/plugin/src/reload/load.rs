//! From a [`Source`] to a chain that can serve: every slot's component checked, prepared, compiled and tried.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use patchbay_types::Millis;

use super::{
    directory::tenant_file,
    finding::Finding,
    places::Places,
    read::Blob,
    source::{Refusal, RefusalKind, SlotSource, Source},
};
use crate::{
    chain::{Chain, Slot},
    plugin::Plugin,
    runtime::{LoadError, Runtime, Wanted},
};

/// Every slot of a chain, ready to be called.
pub(super) type Loaded = Places<Arc<Slot>>;

/// Loads every slot, one after another; the refusals of all of them, where there is any.
pub(super) fn load(runtime: &Runtime, source: &Source) -> Result<Loaded, Vec<Refusal>> {
    let slots = source.slots.as_ref();
    slots.make(|_, _, slot| load_slot(runtime, source, slot).map(Arc::new).map_err(|refusal| vec![refusal]))
}

fn load_slot(runtime: &Runtime, source: &Source, slot: &SlotSource) -> Result<Slot, Refusal> {
    let plugin = load_component(runtime, slot, &slot.component)
        .map_err(|error| refusal(source, slot, "component", &slot.config.component, &error))?;
    let fallback = match &slot.fallback {
        Some((name, blob)) => {
            let plugin = load_component(runtime, slot, blob);
            Some(plugin.map_err(|error| refusal(source, slot, "on-fault", name, &error))?)
        }
        None => None,
    };
    Ok(Slot {
        name: Arc::clone(&slot.name),
        component: slot.config.component.clone(),
        plugin,
        on_fault: slot.config.on_fault.clone(),
        fallback,
    })
}

fn load_component(runtime: &Runtime, slot: &SlotSource, component: &Blob) -> Result<Plugin, LoadError> {
    let wanted = Wanted {
        bytes: Arc::clone(&component.bytes),
        digest: component.digest,
        world: slot.world,
        settings: Arc::clone(&slot.settings),
        grants: slot.config.grants.clone(),
        limits: slot.config.limits,
        instance: slot.config.instance,
    };
    // What panics over something that somebody copied here must not end hot reload for everybody.
    catch_unwind(AssertUnwindSafe(|| runtime.load(&wanted))).unwrap_or_else(|_| {
        Err(LoadError::Refused(
            "it made the host panic, which the host survived: please report it".to_owned(),
        ))
    })
}

fn refusal(source: &Source, slot: &SlotSource, key: &str, component: &str, error: &LoadError) -> Refusal {
    let field = format!("{}.{key}", slot.name);
    let message = format!("{component}: {error}");
    let finding = Finding::field(&tenant_file(&source.tenant), &source.text, &field, message);
    let kind = match error {
        LoadError::Refused(_) => RefusalKind::Rejected,
        LoadError::Late(_) => RefusalKind::Late,
    };
    Refusal::slot(&slot.name, kind, finding)
}

// === impl Loaded ===

impl Loaded {
    /// The chain of `source`'s tenant.
    pub(super) fn into_chain(self, source: &Source, generation: u64, since: Millis) -> Arc<Chain> {
        let Self { mapper, router, adapters } = self;
        let (tenant, config) = (source.tenant.clone(), Arc::clone(&source.config));
        Arc::new(Chain { tenant, generation, config, mapper, router, adapters, since })
    }
}
