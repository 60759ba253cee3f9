//! A generation: code and configuration of one tenant's whole chain, behind one pointer.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use patchbay_types::{AdapterName, Millis, TenantConfig, TenantId, tenant::FailurePolicy};
use tokio::sync::watch;

use crate::plugin::Plugin;

/// One tenant's chain. Whoever holds it works with one generation to the end; it never changes.
pub struct Chain {
    /// The tenant.
    pub tenant: TenantId,
    /// Counts up for each tenant, and is never used again.
    pub generation: u64,
    /// The tenant's file.
    pub config: Arc<TenantConfig>,
    /// Matrix events to messages, and back.
    pub mapper: Arc<Slot>,
    /// Messages to routes.
    pub router: Arc<Slot>,
    /// CRM adapters by name.
    pub adapters: BTreeMap<AdapterName, Arc<Slot>>,
    /// Since when it serves.
    pub since: Millis,
}

/// One place in the chain and what fills it.
pub struct Slot {
    /// `mapper`, `router`, `adapters.<name>`.
    pub name: Arc<str>,
    /// The component's name, as the tenant's file says it.
    pub component: String,
    /// Ready to be called.
    pub plugin: Plugin,
    /// What becomes of an event that it cannot handle.
    pub on_fault: FailurePolicy,
    /// The component of `fallback`, ready to be called.
    pub fallback: Option<Plugin>,
}

/// Every tenant's current chain.
pub struct Chains {
    current: ArcSwap<BTreeMap<TenantId, Arc<Chain>>>,
    changed: watch::Sender<u64>,
}

// === impl Chain ===

impl Chain {
    /// The same generation, serving anew since `since`.
    pub(crate) fn again(&self, since: Millis) -> Self {
        Self {
            tenant: self.tenant.clone(),
            generation: self.generation,
            config: Arc::clone(&self.config),
            mapper: Arc::clone(&self.mapper),
            router: Arc::clone(&self.router),
            adapters: self.adapters.clone(),
            since,
        }
    }
}

// === impl Chains ===

impl Default for Chains {
    fn default() -> Self {
        Self { current: ArcSwap::default(), changed: watch::Sender::new(0) }
    }
}

impl Chains {
    /// The tenant's current chain; take it once for each event and keep it to the end.
    #[must_use]
    pub fn get(&self, tenant: &TenantId) -> Option<Arc<Chain>> {
        self.current.load().get(tenant).cloned()
    }

    /// All current chains, as of now.
    #[must_use]
    pub fn all(&self) -> Arc<BTreeMap<TenantId, Arc<Chain>>> {
        self.current.load_full()
    }

    /// Counts up whenever a chain was swapped, added or removed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Makes `chain` its tenant's current one; answers the one before.
    pub fn swap(&self, chain: Arc<Chain>) -> Option<Arc<Chain>> {
        let before = self.current.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            all.insert(chain.tenant.clone(), Arc::clone(&chain));
            all
        });
        self.changed.send_modify(|n| *n += 1);
        before.get(&chain.tenant).cloned()
    }

    /// Takes a tenant's chain away; answers it.
    pub fn remove(&self, tenant: &TenantId) -> Option<Arc<Chain>> {
        let before = self.current.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            all.remove(tenant);
            all
        });
        self.changed.send_modify(|n| *n += 1);
        before.get(tenant).cloned()
    }
}
