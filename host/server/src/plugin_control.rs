//! What the admin API and the lifecycle want of the chains and the reloader.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use patchbay_api::admin::{Archive, PluginControl};
use patchbay_plugin::{
    Chains,
    reload::{KeptError, KeptSlot, ReloadError, ReloadStatus, Reloader, RollbackError, TenantStatus},
};
use patchbay_types::{AdapterName, Digest, Problem, TenantId};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

/// At the start, a file that is still being written is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// And looked at again so often.
const LOOK: Duration = Duration::from_millis(100);

/// Chains, and what swaps them.
pub(crate) struct Plugins {
    reloader: Arc<Reloader>,
    chains: Arc<Chains>,
}

// === impl Plugins ===

impl Plugins {
    pub(crate) fn new(reloader: Arc<Reloader>, chains: Arc<Chains>) -> Self {
        Self { reloader, chains }
    }

    /// The start-up pass: what served last serves again, then the directory is looked through, and again for as long as
    /// a file in it is still being written. Nothing that is wrong with a component or a tenant's file fails it.
    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        let reloader = Arc::clone(&self.reloader);
        spawn_blocking(move || settle(&reloader)).await??;
        self.tell();
        Ok(())
    }

    /// Watches the directory until `stop`.
    pub(crate) fn watch(&self, stop: CancellationToken) -> io::Result<JoinHandle<()>> {
        self.reloader.spawn(stop)
    }

    /// Reads what is kept, on a thread that may wait.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reloader) -> Result<T, KeptError> + Send + 'static,
    ) -> Result<T, String> {
        let reloader = Arc::clone(&self.reloader);
        match spawn_blocking(move || look(&reloader)).await {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(error) => {
                tracing::error!(%error, "a look into the content store ended in a panic");
                Err("the content store cannot be read; the host's log says why".to_owned())
            }
        }
    }

    fn tell(&self) {
        let status = self.reloader.status();
        for tenant in &status.tenants {
            let id = &tenant.tenant;
            match tenant.generation {
                Some(generation) => {
                    tracing::info!(tenant = %id, generation, "tenant `{id}` serves generation {generation}")
                }
                None => tracing::warn!(tenant = %id, "tenant `{id}` serves nothing: its lanes hold"),
            }
        }
        if status.tenants.is_empty() {
            tracing::warn!("no tenant yet: put a file into tenants/");
        }
    }
}

/// An event that comes before its tenant is nobody's: so tenants whose files were copied just now are waited for.
fn settle(reloader: &Reloader) -> Result<(), ReloadError> {
    let begun = Instant::now();
    let mut passed = reloader.start()?;
    while passed.due.is_some() && begun.elapsed() < PATIENCE {
        thread::sleep(LOOK);
        passed = reloader.pass();
    }
    Ok(())
}

#[async_trait]
impl PluginControl for Plugins {
    fn status(&self) -> ReloadStatus {
        self.reloader.status()
    }

    fn tenants(&self) -> Vec<TenantId> {
        self.chains.all().keys().cloned().collect()
    }

    fn desks(&self, tenant: &TenantId) -> Vec<AdapterName> {
        let Some(chain) = self.chains.get(tenant) else { return Vec::new() };
        let granted = chain.config.adapters.iter().filter(|(_, slot)| slot.grants.desk);
        granted.map(|(name, _)| name.clone()).collect()
    }

    async fn rollback(&self, tenant: &TenantId, to: Option<u64>) -> Result<TenantStatus, Problem> {
        let (reloader, tenant) = (Arc::clone(&self.reloader), tenant.clone());
        let rolled = spawn_blocking(move || reloader.rollback(&tenant, to)).await;
        let rolled = rolled.map_err(|error| {
            tracing::error!(%error, "a rollback ended in a panic");
            Problem::internal()
        })?;
        rolled.map_err(|error| {
            let said = error.to_string();
            match error {
                RollbackError::Unknown(_) => Problem::not_found(said),
                RollbackError::Log(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a rollback could not be written down"
                    );
                    Problem::new(
                        503,
                        "store-unavailable",
                        "the rollback could not be written down; what served goes on",
                    )
                }
                RollbackError::Removed(_) | RollbackError::Nothing(_) | RollbackError::NotKept { .. } => {
                    Problem::new(409, "no-generation", said)
                }
                RollbackError::Load { .. } => Problem::new(409, "does-not-load", said),
            }
        })
    }
}

#[async_trait]
impl Archive for Plugins {
    async fn slot(&self, tenant: &TenantId, generation: u64, slot: &str) -> Result<KeptSlot, String> {
        let (tenant, slot) = (tenant.clone(), slot.to_owned());
        self.look(move |reloader| reloader.kept(&tenant, generation, &slot)).await
    }

    async fn component(&self, digest: Digest) -> Result<Arc<[u8]>, String> {
        self.look(move |reloader| reloader.kept_component(digest)).await
    }
}
