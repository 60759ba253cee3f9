//! A runtime of its own for each test, and the values that its guests are called with.

use std::sync::Arc;

use patchbay_plugin::{Caller, LoadError, Plugin, Runtime, RuntimeConfig, Wanted, World};
use patchbay_types::{
    Digest, TenantId,
    config::PluginsConfig,
    tenant::{Grants, InstancePolicy, Limits},
    units::Span,
};

/// A runtime whose cache is in a directory that goes with it.
pub(crate) struct Host {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) cache: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    pub(crate) fn with(pagemap_scan: bool) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let runtime = Self::over(&cache, pagemap_scan);
        Self { runtime, cache }
    }

    /// Another runtime over the same cache, as after a restart.
    pub(crate) fn restarted(&self) -> Arc<Runtime> {
        Self::over(&self.cache, true)
    }

    fn over(cache: &tempfile::TempDir, pagemap_scan: bool) -> Arc<Runtime> {
        let plugins = PluginsConfig { instances: 16, warm: 16, ..PluginsConfig::default() };
        let config = RuntimeConfig { cache: cache.path().join("artefacts"), cache_key: [1; 32], plugins };
        Runtime::start(config, pagemap_scan).unwrap()
    }

    pub(crate) fn load(&self, bytes: Vec<u8>, world: World) -> Result<Plugin, LoadError> {
        self.runtime.load(&wanted(bytes, world))
    }
}

/// With everything granted, and time enough for a machine that is busy with other tests.
pub(crate) fn wanted(bytes: Vec<u8>, world: World) -> Wanted {
    Wanted {
        digest: Digest::of(&bytes),
        bytes: bytes.into(),
        world,
        settings: Arc::from("{}"),
        grants: Grants { desk: true, store: true, ..Grants::default() },
        limits: Limits { time: Some(Span::millis(10_000)), ..Limits::default() },
        instance: InstancePolicy::Fresh,
    }
}

pub(crate) fn caller() -> Caller {
    Caller { tenant: TenantId::new("acme"), slot: Arc::from("mapper"), about: Some(Arc::from("$event")) }
}
