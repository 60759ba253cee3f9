//! The reloader and what it holds. Each thing that it does has a file of its own: [`start`](Reloader::start),
//! [`pass`](Reloader::pass), [`rollback`](Reloader::rollback), [`spawn`](Reloader::spawn).

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use patchbay_types::{Clock, TenantId, config::PluginsConfig};

use super::{
    board::Board,
    content_store::ContentStore,
    drain::Draining,
    files::Files,
    generation::{GenerationLog, LogError},
    host_file::HostFile,
    tenant::Tenant,
};
use crate::{chain::Chains, runtime::Runtime};

/// Where things are, and how long they take.
#[derive(Debug, Clone)]
pub struct ReloadConfig {
    /// The watched directory, with `components/` and `tenants/` in it.
    pub dir: PathBuf,
    /// The host's own directory; the content store is made in it.
    pub data_dir: PathBuf,
    /// Bounds and times.
    pub plugins: PluginsConfig,
}

/// Keeps every tenant's chain as the watched directory says, as far as what it says works.
///
/// Everything here may block for as long as a compiler runs: it is for threads that may, never for those that serve.
pub struct Reloader {
    pub(super) config: ReloadConfig,
    pub(super) runtime: Arc<Runtime>,
    pub(super) chains: Arc<Chains>,
    pub(super) log: Box<dyn GenerationLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: ContentStore,
    /// Whoever has this makes the pass: there is one at a time.
    pub(super) files: Mutex<Files>,
    pub(super) host_file: Mutex<HostFile>,
    /// Each tenant has its own lock, so that one can be rolled back while another's component compiles.
    pub(super) tenants: Mutex<BTreeMap<TenantId, Arc<Mutex<Tenant>>>>,
    pub(super) draining: Mutex<Draining>,
    /// What [`Reloader::status`] answers; never locked for long.
    pub(super) board: Mutex<Board>,
}

/// The reloader cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// Its own directory cannot be used.
    #[error("the content store in {path}: {source}", path = .path.display())]
    Store {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What ran before is not known.
    #[error(transparent)]
    Log(#[from] LogError),
}

// === impl Reloader ===

impl Reloader {
    /// A reloader that has done nothing yet.
    ///
    /// # Errors
    /// When the content store cannot be made in `config.data_dir`.
    pub fn new(
        config: ReloadConfig,
        runtime: Arc<Runtime>,
        chains: Arc<Chains>,
        log: Box<dyn GenerationLog>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, ReloadError> {
        let path = config.data_dir.join("store");
        let store = ContentStore::open(path.clone()).map_err(|source| ReloadError::Store { path, source })?;
        let files = Files::new(config.dir.clone(), config.plugins.settle.as_millis());
        Ok(Arc::new(Self {
            config,
            runtime,
            chains,
            log,
            clock,
            store,
            files: Mutex::new(files),
            host_file: Mutex::default(),
            tenants: Mutex::default(),
            draining: Mutex::default(),
            board: Mutex::default(),
        }))
    }

    /// The tenant of this name, known from now on.
    pub(super) fn tenant(&self, id: &TenantId) -> Arc<Mutex<Tenant>> {
        let mut tenants = lock(&self.tenants);
        let new = || Arc::new(Mutex::new(Tenant::new(id.clone())));
        Arc::clone(tenants.entry(id.clone()).or_insert_with(new))
    }

    pub(super) fn component_size(&self) -> u64 {
        self.config.plugins.component_size.0
    }
}

/// Locks, whatever happened to the last who did: each value here is whole between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
