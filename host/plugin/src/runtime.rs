//! One engine for all plugins: components in, prepared plugins out, typed calls into fresh sandboxes.

use std::{path::PathBuf, sync::Arc};

use patchbay_types::{
    Digest,
    config::PluginsConfig,
    tenant::{Grants, InstancePolicy, Limits},
};

use crate::{
    call::{CallError, Caller, Fault, FaultKind, Timed},
    ports::Ports,
    wit::{
        exports::patchbay::plugin::{adapter, mapping, polling, routing, webhooks},
        patchbay::plugin::types,
    },
};

/// What a runtime needs to start.
#[derive(Debug, Clone)]
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
}

/// The engine, the cache of compiled artefacts, the epoch ticker.
pub struct Runtime {
    config: RuntimeConfig,
}

/// A component made ready with one tenant's settings: cheap to clone, callable from any thread.
#[derive(Clone)]
pub struct Plugin {
    digest: Digest,
    settings: Digest,
}

// === impl Runtime ===

impl Runtime {
    /// Starts the engine and its epoch ticker.
    ///
    /// # Errors
    /// When the cache directory cannot be made, or the engine refuses its configuration.
    pub fn new(config: RuntimeConfig) -> Result<Arc<Self>, LoadError> {
        Ok(Arc::new(Self { config }))
    }

    /// Checks, prepares, compiles (or takes from the cache) and tries a component. Blocking and slow: for a
    /// background thread; concurrent calls for the same component and settings share one flight.
    ///
    /// # Errors
    /// When it is too large, is no component, is of another contract version or world, imports what it was not
    /// granted, faults in `prepare`, finds its settings wrong, or fails the golden call.
    pub fn load(&self, wanted: &Wanted) -> Result<Plugin, LoadError> {
        let _ = &self.config;
        Err(LoadError::Refused(format!("{} cannot be loaded yet", wanted.digest)))
    }
}

// === impl Plugin ===

impl Plugin {
    /// The component's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The settings' digest.
    #[must_use]
    pub fn settings_digest(&self) -> Digest {
        self.settings
    }

    /// `mapping.from-matrix`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn from_matrix(
        &self,
        _caller: &Caller,
        _event: &mapping::Event,
        _room: &types::Room,
    ) -> Result<Timed<mapping::Mapped>, CallError> {
        self.not_yet()
    }

    /// `mapping.to-matrix`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn to_matrix(
        &self,
        _caller: &Caller,
        _update: &mapping::Update,
    ) -> Result<Timed<Vec<mapping::Action>>, CallError> {
        self.not_yet()
    }

    /// `routing.decide`; `now` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn decide(
        &self,
        _caller: &Caller,
        _message: &types::Message,
        _conversation: &routing::Conversation,
        _now: u64,
    ) -> Result<Timed<routing::Decision>, CallError> {
        self.not_yet()
    }

    /// `adapter.contact`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn contact(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _person: &types::Person,
        _call: &adapter::Call,
    ) -> Result<Timed<(Result<String, adapter::Failure>, Ports)>, CallError> {
        self.not_yet()
    }

    /// `adapter.open`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn open(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _draft: &adapter::Draft,
        _call: &adapter::Call,
    ) -> Result<Timed<(Result<adapter::Opened, adapter::Failure>, Ports)>, CallError> {
        self.not_yet()
    }

    /// `adapter.append`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn append(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _ticket: &str,
        _items: &[adapter::Item],
        _call: &adapter::Call,
    ) -> Result<Timed<(Result<Vec<adapter::Written>, adapter::Failure>, Ports)>, CallError> {
        self.not_yet()
    }

    /// `adapter.update`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn update(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _ticket: &str,
        _changes: &types::Changes,
        _call: &adapter::Call,
    ) -> Result<Timed<(Result<(), adapter::Failure>, Ports)>, CallError> {
        self.not_yet()
    }

    /// `webhooks.receive`; nothing where the component does not export `webhooks`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn receive(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _webhook: &webhooks::Webhook,
    ) -> Result<Timed<Option<(Result<webhooks::Batch, adapter::Failure>, Ports)>>, CallError> {
        self.not_yet()
    }

    /// `polling.poll`; nothing where the component does not export `polling`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn poll(
        &self,
        _caller: &Caller,
        _ports: Ports,
        _cursor: Option<&str>,
    ) -> Result<Timed<Option<(Result<polling::Page, adapter::Failure>, Ports)>>, CallError> {
        self.not_yet()
    }

    /// Calls the world's golden case in a throwaway store with nothing behind it.
    ///
    /// # Errors
    /// A fault. An error that the guest returns is fine: it ran.
    pub fn golden(&self, _caller: &Caller) -> Result<(), CallError> {
        self.not_yet()
    }

    fn not_yet<T>(&self) -> Result<T, CallError> {
        let detail = "not yet".to_owned();
        Err(Fault { kind: FaultKind::Trap, detail, component: self.digest }.into())
    }
}
