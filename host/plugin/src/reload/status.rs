//! What runs where, and why something does not: what `patchbay plugins` and the admin API show.

use std::collections::BTreeMap;

use patchbay_types::{Digest, Millis, TenantId};
use serde::{Deserialize, Serialize};

use super::{directory::tenant_file, finding::Finding, generation::SlotRecord, tenant::Tenant};
use crate::chain::Slot;

/// The whole directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReloadStatus {
    /// When the directory was last looked through.
    pub looked_at: Millis,
    /// What is wrong with the directory itself: odd names, a part that is missing.
    pub findings: Vec<Finding>,
    /// By tenant.
    pub tenants: Vec<TenantStatus>,
}

/// One tenant's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantStatus {
    /// The tenant.
    pub tenant: TenantId,
    /// Its file.
    pub file: String,
    /// How the files stand to what serves.
    #[serde(flatten)]
    pub state: State,
    /// What serves; none: nothing does, and the tenant's lanes hold.
    pub generation: Option<u64>,
    /// Since when.
    pub since: Option<Millis>,
    /// It was rolled back, and stays so until one of its files changes.
    pub pinned: bool,
    /// Generations that can be rolled back to, newest first; the one that serves is among them.
    pub kept: Vec<u64>,
    /// What last went wrong with the tenant's file, if anything ever did.
    pub last_error: Option<LastError>,
    /// The chain's slots: those that serve, and those that the tenant's file wants.
    pub slots: Vec<SlotStatus>,
}

/// One slot of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotStatus {
    /// `mapper`, `router`, `adapters.<name>`.
    pub slot: String,
    /// How the files stand to what serves.
    #[serde(flatten)]
    pub state: State,
    /// What serves; none: nothing does.
    pub serving: Option<Serving>,
    /// What last went wrong here, if anything ever did.
    pub last_error: Option<LastError>,
}

/// What serves in a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// The component's name, as the tenant's file says it.
    pub component: String,
    /// The plugin's name, as its manifest says it; none where it has no manifest.
    pub name: Option<String>,
    /// The plugin's version.
    pub version: Option<String>,
    /// The component.
    pub digest: Digest,
    /// Its settings.
    pub settings_digest: Digest,
}

/// How files stand to what serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// What the files say serves; or a generation that somebody rolled back to.
    Active,
    /// The files are changing, or wait for their turn.
    #[default]
    Pending,
    /// The files are no good; what served before, if anything, goes on.
    Rejected {
        /// Why.
        reason: String,
    },
    /// A file is gone; what served before, if anything, goes on.
    Missing {
        /// Which.
        reason: String,
    },
    /// The tenant's file is gone: nothing serves, and the tenant's lanes hold.
    Removed,
}

/// Something that went wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When it was found.
    pub at: Millis,
    /// What and where.
    #[serde(flatten)]
    pub finding: Finding,
}

// === impl TenantStatus ===

impl TenantStatus {
    pub(super) fn of(tenant: &Tenant) -> Self {
        let chain = tenant.serving();
        let trial = &tenant.trial;
        let mut slots = BTreeMap::new();
        if let Some(chain) = chain {
            for slot in [&chain.mapper, &chain.router].into_iter().chain(chain.adapters.values()) {
                let record = tenant.active().and_then(|active| active.slots.get(&*slot.name));
                slots.insert(slot.name.to_string(), Some(Serving::of(slot, record)));
            }
        }
        for name in trial.refused.keys() {
            slots.entry(name.clone()).or_default();
        }
        let slots = slots.into_iter().map(|(slot, serving)| SlotStatus {
            state: match trial.refused.get(&slot) {
                Some(refusal) => State::after(refusal),
                None if *trial.state() == State::Pending => State::Pending,
                None => State::Active,
            },
            last_error: trial.slot_errors.get(&slot).cloned(),
            slot,
            serving,
        });
        Self {
            tenant: tenant.id.clone(),
            file: tenant_file(&tenant.id),
            state: trial.state().clone(),
            generation: chain.map(|chain| chain.generation),
            since: chain.map(|chain| chain.since),
            pinned: tenant.is_pinned(),
            kept: tenant.records.iter().map(|record| record.generation).collect(),
            last_error: trial.last_error.clone(),
            slots: slots.collect(),
        }
    }
}

// === impl Serving ===

impl Serving {
    fn of(slot: &Slot, record: Option<&SlotRecord>) -> Self {
        let (name, version) = record.and_then(|record| record.plugin.clone()).unzip();
        Self {
            component: slot.component.clone(),
            name,
            version,
            digest: slot.plugin.digest(),
            settings_digest: slot.plugin.settings_digest(),
        }
    }
}
