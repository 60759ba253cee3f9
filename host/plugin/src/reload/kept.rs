//! What generations that are still kept were made of, for whoever looks at what one of them did.

use std::sync::Arc;

use patchbay_types::{
    Digest, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};

use super::{
    content_store::StoreError,
    generation::SlotRecord,
    reloader::{Reloader, lock},
    source::SETTINGS_SIZE,
};

/// What filled a slot of a generation.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptSlot {
    /// Name and version of its plugin, as the component's manifest says them.
    pub plugin: Option<(String, String)>,
    /// The component; not that of the failure policy `fallback`.
    pub digest: Digest,
    /// The settings, as the guest reads them.
    pub settings: Arc<str>,
    /// What it was granted.
    pub grants: Grants,
    /// The most it may use.
    pub limits: Limits,
    /// How long an instance lives.
    pub instance: InstancePolicy,
}

/// Why something of a generation cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It is too old, or never was.
    #[error("generation {wanted} of `{tenant}` is no longer kept; there are {kept:?}")]
    Generation {
        /// Whose.
        tenant: TenantId,
        /// Which.
        wanted: u64,
        /// What there is, newest first.
        kept: Vec<u64>,
    },
    /// It had no such slot.
    #[error("generation {generation} has no slot `{slot}`")]
    Slot {
        /// Which generation.
        generation: u64,
        /// Which slot.
        slot: String,
    },
    /// Its copy is not there, or damaged.
    #[error("{0}")]
    Copy(String),
}

// === impl Reloader ===

impl Reloader {
    /// What filled `slot` of a tenant's `generation`. Waits while this tenant's files are being loaded.
    ///
    /// # Errors
    /// See [`KeptError`].
    pub fn kept(&self, tenant: &TenantId, generation: u64, slot: &str) -> Result<KeptSlot, KeptError> {
        let SlotRecord { plugin, digest, settings, grants, limits, instance, .. } =
            self.record(tenant, generation, slot)?;
        let settings = self.store.get(settings, SETTINGS_SIZE).map_err(copy)?;
        let settings = std::str::from_utf8(&settings).map_err(|error| KeptError::Copy(error.to_string()))?;
        Ok(KeptSlot { plugin, digest, settings: settings.into(), grants, limits, instance })
    }

    /// A component that a kept generation has, by its digest.
    ///
    /// # Errors
    /// When there is no copy of it any more.
    pub fn kept_component(&self, digest: Digest) -> Result<Arc<[u8]>, KeptError> {
        self.store.get(digest, self.component_size()).map_err(copy)
    }

    fn record(&self, tenant: &TenantId, generation: u64, slot: &str) -> Result<SlotRecord, KeptError> {
        let known = lock(&self.tenants).get(tenant).cloned();
        let records = known.map(|known| lock(&known).records.clone()).unwrap_or_default();
        let Some(record) = records.iter().find(|record| record.generation == generation) else {
            let kept = records.iter().map(|record| record.generation).collect();
            return Err(KeptError::Generation { tenant: tenant.clone(), wanted: generation, kept });
        };
        let filled = record.slots.get(slot).cloned();
        filled.ok_or_else(|| KeptError::Slot { generation, slot: slot.to_owned() })
    }
}

fn copy(error: StoreError) -> KeptError {
    KeptError::Copy(error.to_string())
}
