//! A watched directory, a reloader over it, and a clock that a test moves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use patchbay_plugin::{
    Chain, Chains, Runtime, RuntimeConfig,
    reload::{Passed, ReloadConfig, Reloader, State, TenantStatus},
};
use patchbay_types::{
    Digest, MockClock, TenantId,
    config::PluginsConfig,
    units::{Bytes, Span},
};

use super::memory_log::MemoryLog;
use crate::guest::Guest;

pub(crate) const SETTLE: u64 = 200;

pub(crate) struct Scene {
    root: tempfile::TempDir,
    pub(crate) clock: MockClock,
    pub(crate) log: MemoryLog,
    pub(crate) chains: Arc<Chains>,
    pub(crate) reloader: Arc<Reloader>,
    plugins: PluginsConfig,
}

/// A tenant's file with nothing but the names of its components.
pub(crate) fn tenant(mapper: &str, router: &str) -> String {
    format!("[mapper]\ncomponent = '{mapper}'\n[router]\ncomponent = '{router}'\n")
}

/// A mapper whose bytes are its own because of `stamp`.
pub(crate) fn mapper(stamp: &str) -> Vec<u8> {
    stamped("mapper", stamp)
}

/// A router whose bytes are its own because of `stamp`.
pub(crate) fn router(stamp: &str) -> Vec<u8> {
    stamped("router", stamp)
}

fn stamped(world: &'static str, stamp: &str) -> Vec<u8> {
    Guest::of(world).fields(&format!("(data (i32.const 3000) \"{stamp}\")")).build()
}

// === impl Scene ===

impl Scene {
    /// An empty directory.
    pub(crate) fn empty() -> Self {
        Self::with(|_| {})
    }

    /// An empty directory, and settings of the test's own.
    pub(crate) fn with(change: impl FnOnce(&mut PluginsConfig)) -> Self {
        let root = tempfile::tempdir().unwrap();
        for sub in ["etc/components", "etc/tenants"] {
            fs::create_dir_all(root.path().join(sub)).unwrap();
        }
        let mut plugins = PluginsConfig {
            instances: 16,
            warm: 16,
            settle: Span::millis(SETTLE),
            ..PluginsConfig::default()
        };
        plugins.component_size = Bytes::mib(1);
        change(&mut plugins);
        Self::over(root, MemoryLog::default(), plugins)
    }

    /// One tenant, `acme`, of a mapper `m` and a router `r`, that serves its generation 1.
    pub(crate) fn serving() -> Self {
        let scene = Self::empty();
        scene.write("components/m.wasm", mapper("m1"));
        scene.write("components/r.wasm", router("r1"));
        scene.write("tenants/acme.toml", tenant("m", "r"));
        assert_eq!(scene.settle().activated, [("acme".into(), 1)]);
        scene
    }

    /// The host ended and started again: only what is on the disk is left.
    pub(crate) fn restart(self) -> Self {
        let Self { root, log, plugins, .. } = self;
        let scene = Self::over(root, log, plugins);
        scene.clock.advance(1_000_000);
        scene
    }

    fn over(root: tempfile::TempDir, log: MemoryLog, plugins: PluginsConfig) -> Self {
        // Long before any file here was written, so that none counts as old at the first look. (Where a host starts
        // over files that have lain still for a while, it believes them at once.)
        let clock = MockClock::at(1_000_000);
        let data = root.path().join("data");
        let runtime =
            Runtime::new(RuntimeConfig { cache: data.join("artefacts"), cache_key: [7; 32], plugins })
                .unwrap();
        let chains = Arc::new(Chains::default());
        let config = ReloadConfig { dir: root.path().join("etc"), data_dir: data, plugins };
        let (to, with) = (Arc::clone(&chains), Arc::new(clock.clone()));
        let reloader = Reloader::new(config, runtime, to, Box::new(log.clone()), with).unwrap();
        Self { root, clock, log, chains, reloader, plugins }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("etc").join(name)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.root.path().join("data").join(name)
    }

    pub(crate) fn outside(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub(crate) fn pass_after(&self, millis: u64) -> Passed {
        self.clock.advance(millis);
        self.reloader.pass()
    }

    /// Looks, waits until what was seen has settled, and looks again.
    pub(crate) fn settle(&self) -> Passed {
        self.pass_after(0);
        self.pass_after(SETTLE)
    }

    pub(crate) fn chain(&self, tenant: &str) -> Option<Arc<Chain>> {
        self.chains.get(&TenantId::from(tenant))
    }

    pub(crate) fn generation(&self, tenant: &str) -> Option<u64> {
        self.chain(tenant).map(|chain| chain.generation)
    }

    pub(crate) fn serves(&self, tenant: &str, mapper: &[u8]) -> bool {
        self.chain(tenant).is_some_and(|chain| chain.mapper.plugin.digest() == Digest::of(mapper))
    }

    pub(crate) fn status(&self, tenant: &str) -> TenantStatus {
        let status = self.reloader.status();
        status.tenants.into_iter().find(|status| status.tenant.as_str() == tenant).unwrap()
    }

    /// Why the tenant's files do not serve.
    pub(crate) fn reason(&self, tenant: &str) -> String {
        match self.status(tenant).state {
            State::Rejected { reason } | State::Missing { reason } => reason,
            state => panic!("{state:?} has no reason"),
        }
    }
}
