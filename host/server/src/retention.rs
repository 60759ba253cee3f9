//! Forgetting in time: bodies, traces and keys are dropped when their tenant's retention says so.

use std::{sync::Arc, time::Duration};

use patchbay_plugin::{
    Chains,
    reload::{Reloader, State},
};
use patchbay_storage::{Retention, Store};
use patchbay_types::{Clock, TenantId, tenant::RetentionConfig};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

/// It is looked through so often; the first time a while after the start, when there is less to do.
const EVERY: Duration = Duration::from_secs(10 * 60);
const FIRST: Duration = Duration::from_secs(60);

/// Drops what is past its time.
pub(crate) struct Forgetting {
    store: Store,
    chains: Arc<Chains>,
    reloader: Arc<Reloader>,
    clock: Arc<dyn Clock>,
}

// === impl Forgetting ===

impl Forgetting {
    pub(crate) fn new(
        store: Store,
        chains: Arc<Chains>,
        reloader: Arc<Reloader>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, chains, reloader, clock }
    }

    /// Looks through everything every so often, until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut every = interval_at(Instant::now() + FIRST, EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            // It may be stopped at any time and begun again.
            if stop.run_until_cancelled(self.pass()).await.is_none() {
                return;
            }
        }
    }

    async fn pass(&self) {
        let limits = self.limits();
        match self.store.prune(&limits).await {
            Ok(pruned) => tracing::debug!(pruned.bodies, pruned.keys, "dropped what is past its retention"),
            Err(error) => {
                tracing::warn!(%error, "what is past its retention could not be dropped; tried again later")
            }
        }
    }

    /// What each tenant allows to be dropped. What is nobody's, or a removed tenant's, is kept as long as the default
    /// says; of a tenant that only does not serve now nothing is dropped, since nobody can say what its file would.
    fn limits(&self) -> Vec<Retention> {
        let now = self.clock.now();
        let limit = |tenant: Option<&TenantId>, config: &RetentionConfig| Retention {
            tenant: tenant.cloned(),
            bodies_before: now.saturating_sub(config.bodies.as_millis()),
            keys_before: now.saturating_sub(config.keys.as_millis()),
        };
        let serving = self.chains.all();
        let mut limits: Vec<Retention> =
            serving.iter().map(|(tenant, chain)| limit(Some(tenant), &chain.config.retention)).collect();
        for status in self.reloader.status().tenants {
            if status.state != State::Removed && !serving.contains_key(&status.tenant) {
                limits.push(Retention { tenant: Some(status.tenant), bodies_before: 0, keys_before: 0 });
            }
        }
        limits.push(limit(None, &RetentionConfig::default()));
        limits
    }
}
