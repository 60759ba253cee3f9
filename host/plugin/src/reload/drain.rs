//! Chains that were replaced and may still be in use. Whoever took one keeps it to the end of its event; here it is
//! only watched, so that one which never ends is told of.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
};

use patchbay_types::{Millis, TenantId};

use super::reloader::{Reloader, lock};
use crate::chain::Chain;

/// Replaced chains.
#[derive(Default)]
pub(super) struct Draining {
    chains: Vec<Old>,
}

struct Old {
    chain: Arc<Chain>,
    since: Millis,
    told: bool,
}

// === impl Reloader ===

impl Reloader {
    /// Looks after replaced chains; answers when to look again.
    pub(super) fn look_at_draining(&self, now: Millis) -> Option<Millis> {
        // Tenants are locked before the list, never after it, as a swap does.
        let tenants = lock(&self.draining).tenants();
        let known = lock(&self.tenants).clone();
        let kept: Vec<Weak<Chain>> = tenants
            .iter()
            .filter_map(|id| known.get(id))
            .flat_map(|tenant| lock(tenant).chains.values().map(Arc::downgrade).collect::<Vec<_>>())
            .collect();
        let deadline = self.config.plugins.drain.as_millis();
        lock(&self.draining)
            .look(now, deadline, |old| kept.iter().filter(|kept| kept.as_ptr() == Arc::as_ptr(old)).count())
    }
}

// === impl Draining ===

impl Draining {
    pub(super) fn add(&mut self, chain: Arc<Chain>, now: Millis) {
        self.chains.push(Old { chain, since: now, told: false });
    }

    /// Whose chains these are.
    pub(super) fn tenants(&self) -> BTreeSet<TenantId> {
        self.chains.iter().map(|old| old.chain.tenant.clone()).collect()
    }

    /// Lets go of chains that nobody uses; tells of those in use for longer than `deadline`. `held` answers how many
    /// references to a chain the reloader itself holds elsewhere. Answers when to look again.
    pub(super) fn look(
        &mut self,
        now: Millis,
        deadline: Millis,
        held: impl Fn(&Arc<Chain>) -> usize,
    ) -> Option<Millis> {
        self.chains.retain_mut(|Old { chain, since, told }| {
            let users = Arc::strong_count(chain).saturating_sub(1 + held(chain));
            let (tenant, generation) = (&chain.tenant, chain.generation);
            if users == 0 {
                tracing::debug!(%tenant, generation, took_ms = now.saturating_sub(*since), "old generation drained");
                return false;
            }
            if !*told && now.saturating_sub(*since) >= deadline {
                *told = true;
                tracing::warn!(
                    %tenant, generation, users, deadline_ms = deadline,
                    "an old generation is still in use after its deadline: a call that does not end holds it"
                );
            }
            true
        });
        let waiting = self.chains.iter().filter(|old| !old.told);
        waiting.map(|old| old.since.saturating_add(deadline)).min()
    }
}
