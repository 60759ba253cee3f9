//! All that a generation is made of, read and parsed, nothing of it run yet.

use std::{collections::BTreeMap, sync::Arc};

use patchbay_types::{AdapterName, Digest, TenantConfig, TenantId, tenant::SlotConfig};

use super::{files::Blob, finding::Finding};
use crate::runtime::World;

/// The largest tenant's file.
pub(super) const TENANT_SIZE: u64 = 1 << 20;
/// The largest settings file.
pub(super) const SETTINGS_SIZE: u64 = 4 << 20;

/// A tenant's whole chain, before it is loaded.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tenant: TenantId,
    /// The tenant's file.
    pub(super) text: Arc<str>,
    pub(super) config: Arc<TenantConfig>,
    /// See [`GenerationRecord::inputs`](super::GenerationRecord::inputs).
    pub(super) inputs: Digest,
    pub(super) mapper: SlotSource,
    pub(super) router: SlotSource,
    pub(super) adapters: BTreeMap<AdapterName, SlotSource>,
}

/// One slot of it.
#[derive(Debug)]
pub(super) struct SlotSource {
    pub(super) name: Arc<str>,
    pub(super) world: World,
    pub(super) config: SlotConfig,
    pub(super) component: Blob,
    /// JSON text.
    pub(super) settings: Arc<str>,
    pub(super) fallback: Option<(String, Blob)>,
}

/// Why a generation is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The slot; none: the tenant's file itself.
    pub(super) slot: Option<Arc<str>>,
    pub(super) kind: RefusalKind,
    pub(super) finding: Finding,
}

/// What sort of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalKind {
    /// A file is not there.
    Missing,
    /// A file is no good, and will be no better unless it changes.
    Rejected,
    /// The machine's trouble: worth another try without any change.
    Trouble,
}

// === impl Source ===

impl Source {
    pub(super) fn slots(&self) -> impl Iterator<Item = &SlotSource> {
        [&self.mapper, &self.router].into_iter().chain(self.adapters.values())
    }
}

// === impl Refusal ===

impl Refusal {
    pub(super) fn slot(slot: &Arc<str>, kind: RefusalKind, finding: Finding) -> Self {
        Self { slot: Some(Arc::clone(slot)), kind, finding }
    }

    pub(super) fn tenant(kind: RefusalKind, finding: Finding) -> Self {
        Self { slot: None, kind, finding }
    }
}

/// Makes each slot by `make`; the refusals of all of them, where there is any.
pub(super) fn each_slot<S, T>(
    (mapper, router, adapters): (S, S, impl IntoIterator<Item = (AdapterName, S)>),
    mut make: impl FnMut(Arc<str>, World, S) -> Result<T, Vec<Refusal>>,
) -> Result<(T, T, BTreeMap<AdapterName, T>), Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut made =
        |name: Arc<str>, world, slot| make(name, world, slot).map_err(|more| refusals.extend(more)).ok();
    let mapper = made("mapper".into(), World::Mapper, mapper);
    let router = made("router".into(), World::Router, router);
    let adapters: BTreeMap<_, _> = adapters
        .into_iter()
        .filter_map(|(name, slot)| {
            let made = made(format!("adapters.{name}").into(), World::Adapter, slot)?;
            Some((name, made))
        })
        .collect();
    match (mapper, router) {
        (Some(mapper), Some(router)) if refusals.is_empty() => Ok((mapper, router, adapters)),
        _ => Err(refusals),
    }
}
