//! One engine for all plugins: components in, prepared plugins out, typed calls into fresh sandboxes.

use std::{fmt, path::PathBuf, sync::Arc};

use patchbay_types::{
    Digest, TenantId,
    config::PluginsConfig,
    tenant::{Grants, InstancePolicy, Limits},
};
use wasmtime::Enabled;

use crate::{
    admit::{Admitted, admit},
    call::{CallError, Caller, FaultKind},
    engine::{Engine, Engines},
    host_fns::log::printable,
    image::Images,
    plugin::{Parts, Plugin},
    prepare::Ingredients,
    slots::Slots,
};

/// What a runtime needs to start.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// The host's own directory for compiled artefacts: created with mode 0700.
    pub cache: PathBuf,
    /// The key that authenticates cache entries; 32 bytes that no plugin and no tenant ever sees.
    pub cache_key: [u8; 32],
    /// Bounds and sizes.
    pub plugins: PluginsConfig,
}

/// Which world a component has to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum World {
    /// `mapper`
    Mapper,
    /// `router`
    Router,
    /// `crm-adapter-base`, with `webhooks` and `polling` where exported.
    Adapter,
}

/// A component to be made ready.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The component's bytes, as found.
    pub bytes: Arc<[u8]>,
    /// Their digest.
    pub digest: Digest,
    /// What it has to be.
    pub world: World,
    /// JSON text; `{}` where there are none.
    pub settings: Arc<str>,
    /// What it may do.
    pub grants: Grants,
    /// The most it may use.
    pub limits: Limits,
    /// How long an instance lives.
    pub instance: InstancePolicy,
}

/// Why a component was not made ready: said to whoever looks at `patchbay plugins`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// What is wrong, in a sentence that says what to do next.
    #[error("{0}")]
    Refused(String),
    /// Its time was over, and the machine may be to blame, which was busy: worth another try or two.
    #[error("{0}")]
    Late(String),
}

/// The engines, the cache of compiled artefacts, the compiler's thread.
pub struct Runtime {
    config: RuntimeConfig,
    engines: Engines,
    images: Images,
    slots: Arc<Slots>,
}

// === impl Runtime ===

impl Runtime {
    /// Starts the engine and its epoch ticker.
    ///
    /// # Errors
    /// When the cache directory cannot be made, or the engine refuses its configuration.
    pub fn new(config: RuntimeConfig) -> Result<Arc<Self>, LoadError> {
        Self::start(config, true)
    }

    /// The same; without `pagemap_scan`, memory is reset the older and slower way even where the kernel has the newer
    /// one (Linux 6.7).
    ///
    /// # Errors
    /// When the cache directory cannot be made, or the engine refuses its configuration.
    pub fn start(config: RuntimeConfig, pagemap_scan: bool) -> Result<Arc<Self>, LoadError> {
        let pagemap_scan = if pagemap_scan { Enabled::Auto } else { Enabled::No };
        let engines = Engines::new(config.plugins, pagemap_scan)
            .map_err(|error| LoadError::Refused(format!("the plugin engine does not start: {error:#}")))?;
        let images = Images::open(config.cache.clone(), config.cache_key).map_err(|error| {
            LoadError::Refused(format!("the cache `{}`: {error}", config.cache.display()))
        })?;
        let slots = Arc::new(Slots::new(config.plugins.instances));
        Ok(Arc::new(Self { config, engines, images, slots }))
    }

    /// Something serves now: what is compiled from here on takes only what is left of the machine.
    pub(crate) fn step_aside(&self) {
        self.images.step_aside();
    }

    /// Checks, prepares, compiles (or takes from the cache) and tries a component. Blocking and slow: for a
    /// background thread; concurrent calls for the same component and settings share one flight.
    ///
    /// # Errors
    /// When it is too large, is no component, is of another contract version or world, imports what it was not
    /// granted, faults in `prepare`, finds its settings wrong, or fails the golden call.
    pub fn load(&self, wanted: &Wanted) -> Result<Plugin, LoadError> {
        let Admitted { bounds, delivery_id } = admit(wanted, self.config.plugins.component_size.0)?;
        let refused = |error: wasmtime::Error| LoadError::Refused(printable(&format!("{error:#}"), 500));
        let engine = self.engines.get(bounds.fuel.is_some()).map_err(refused)?;
        let ingredients = Ingredients {
            bytes: Arc::clone(&wanted.bytes),
            digest: wanted.digest,
            settings: Arc::clone(&wanted.settings),
            bounds,
        };
        let image = self.images.get(&engine, wanted.instance, &ingredients)?;
        let plugin = Plugin::new(Parts {
            digest: wanted.digest,
            settings: Arc::clone(&wanted.settings),
            world: wanted.world,
            bounds,
            delivery_id: delivery_id.into(),
            policy: wanted.instance,
            engine,
            image,
            slots: Arc::clone(&self.slots),
        });
        let plugin = plugin.map_err(refused)?;
        let caller = Caller { tenant: TenantId::new("-"), slot: Arc::from("golden"), about: None };
        plugin.conforms(&caller).map_err(refused)?;
        // On a machine that is busy a good plugin may be late; a bad one is late again.
        let tried = match plugin.golden(&caller) {
            Err(CallError::Fault(fault)) if fault.kind == FaultKind::Timeout => plugin.golden(&caller),
            tried => tried,
        };
        tried.map_err(|error| LoadError::Refused(format!("it fails the golden call: {error}")))?;
        Ok(plugin)
    }

    /// The engine that does not count instructions.
    pub(crate) fn engine(&self) -> wasmtime::Result<Engine> {
        self.engines.get(false)
    }

    /// Where components are compiled.
    pub(crate) fn images(&self) -> &Images {
        &self.images
    }
}

// === impl RuntimeConfig ===

impl fmt::Debug for RuntimeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cache, cache_key: _, plugins } = self;
        f.debug_struct("RuntimeConfig")
            .field("cache", cache)
            .field("plugins", plugins)
            .finish_non_exhaustive()
    }
}

// === impl World ===

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapper => "mapper",
            Self::Router => "router",
            Self::Adapter => "CRM adapter",
        })
    }
}
