//! One thing for each slot of a chain, so that a step of the way to a generation can be taken for all slots at once.

use std::{collections::BTreeMap, sync::Arc};

use patchbay_types::{AdapterName, TenantConfig, tenant::SlotConfig};

use super::source::Refusal;
use crate::runtime::World;

/// A `T` for every slot.
#[derive(Debug)]
pub(super) struct Places<T> {
    pub(super) mapper: T,
    pub(super) router: T,
    pub(super) adapters: BTreeMap<AdapterName, T>,
}

// === impl Places ===

impl<'a> Places<&'a SlotConfig> {
    pub(super) fn of(config: &'a TenantConfig) -> Self {
        let adapters = config.adapters.iter().map(|(name, slot)| (name.clone(), slot)).collect();
        Self { mapper: &config.mapper, router: &config.router, adapters }
    }
}

impl<T> Places<T> {
    pub(super) fn as_ref(&self) -> Places<&T> {
        let adapters = self.adapters.iter().map(|(name, slot)| (name.clone(), slot)).collect();
        Places { mapper: &self.mapper, router: &self.router, adapters }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.mapper, &self.router].into_iter().chain(self.adapters.values())
    }

    /// Makes each slot's next thing, told the slot's name and world. All are tried: the refusals of all of them.
    pub(super) fn make<U>(
        self,
        mut make: impl FnMut(Arc<str>, World, T) -> Result<U, Vec<Refusal>>,
    ) -> Result<Places<U>, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let mut made = |name: String, world, slot| {
            make(name.into(), world, slot).map_err(|more| refusals.extend(more)).ok()
        };
        let mapper = made("mapper".to_owned(), World::Mapper, self.mapper);
        let router = made("router".to_owned(), World::Router, self.router);
        let mut adapters = BTreeMap::new();
        for (name, slot) in self.adapters {
            if let Some(slot) = made(format!("adapters.{name}"), World::Adapter, slot) {
                adapters.insert(name, slot);
            }
        }
        match (mapper, router) {
            (Some(mapper), Some(router)) if refusals.is_empty() => Ok(Places { mapper, router, adapters }),
            _ => Err(refusals),
        }
    }
}
