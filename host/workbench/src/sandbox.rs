//! The sandbox that the host uses, on a developer's machine: a component and a step go in, what it answers comes out.
//! Behind the component's imports stands nothing but the step's own record.

mod dispatch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use patchbay_plugin::{FaultKind, Plugin, Runtime, RuntimeConfig, Wanted, World};
use patchbay_types::{
    Digest,
    config::PluginsConfig,
    tenant::{Grants, Limits},
    units::{Bytes, Span},
};

use crate::{
    case::{Answer, Call, Fault, Step},
    component::Component,
    diff::Difference,
    error::WorkbenchError,
    ports::ports,
    tape::Tape,
};

/// A developer's machine may be slow, and that is no fault of the plugin's: a call is given so long, unless the record
/// says that it took too long. What it costs is measured by `bench`.
const PATIENCE: Span = Span::millis(10_000);

/// The engine, and what was loaded into it.
pub struct Sandbox {
    runtime: Arc<Runtime>,
    tokio: tokio::runtime::Runtime,
    loaded: Mutex<HashMap<Digest, Result<Plugin, String>>>,
    /// Last, so that it outlives what was mapped from it.
    _cache: tempfile::TempDir,
}

/// How a call ended, and what it cost.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) answer: Answer,
    /// Where it asked the host for something else than the record has.
    pub(crate) asked: Vec<Difference>,
    /// The record as it would be of this run; none: it asked for what the record does not answer.
    pub(crate) renewed: Option<Vec<Call>>,
    pub(crate) took: Duration,
    pub(crate) fuel: Option<u64>,
}

// === impl Sandbox ===

impl Sandbox {
    /// Starts an engine with a cache of its own, which goes with it.
    ///
    /// # Errors
    /// When the system gives no directory or no thread.
    pub fn new() -> Result<Self, WorkbenchError> {
        Self::taking(PluginsConfig::default().component_size)
    }

    /// The same, for components of up to `component_size`.
    ///
    /// # Errors
    /// When the system gives no directory or no thread.
    pub fn taking(component_size: Bytes) -> Result<Self, WorkbenchError> {
        let tool =
            |what: &str, error: &dyn std::fmt::Display| WorkbenchError::Tool(format!("{what}: {error}"));
        let cache = tempfile::tempdir().map_err(|error| tool("a directory to compile in", &error))?;
        let plugins = PluginsConfig { instances: 16, warm: 4, component_size, ..PluginsConfig::default() };
        let config =
            RuntimeConfig { cache: cache.path().join("artefacts"), cache_key: rand::random(), plugins };
        let runtime = Runtime::new(config).map_err(|error| tool("the plugin runtime", &error))?;
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let tokio = tokio.map_err(|error| tool("a runtime", &error))?;
        Ok(Self { runtime, tokio, loaded: Mutex::default(), _cache: cache })
    }

    /// What a step wants of `component`.
    pub(crate) fn wanted(step: &Step, component: &Component) -> Wanted {
        let own =
            || component.manifest.as_ref().map_or_else(Grants::default, |manifest| manifest.wants.clone());
        Wanted {
            bytes: Arc::clone(&component.bytes),
            digest: component.digest,
            world: step.function.world(),
            settings: step.settings().into(),
            grants: step.grants.clone().unwrap_or_else(own),
            limits: patient(step),
            instance: step.instance,
        }
    }

    /// Makes a component ready, or answers why it is not; once for the same wish.
    pub(crate) fn load(&self, wanted: &Wanted) -> Result<Plugin, String> {
        let key = key(wanted);
        let known = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return known;
        }
        let plugin = self.runtime.load(wanted).map_err(|error| error.to_string());
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(key, plugin.clone());
        plugin
    }

    /// The JSON Schema of a component's settings, as it answers it.
    pub(crate) fn schema(&self, component: &Component) -> Result<String, String> {
        self.runtime.settings_schema(&component.bytes).map_err(|error| error.to_string())
    }

    /// Asks a component what the step asked.
    pub(crate) fn run(&self, step: &Step, component: &Component) -> Ran {
        match self.load(&Self::wanted(step, component)) {
            Ok(plugin) => self.call(step, &plugin),
            Err(why) => Ran {
                answer: Answer::Refused(why),
                asked: Vec::new(),
                renewed: None,
                took: Duration::ZERO,
                fuel: None,
            },
        }
    }

    /// The same of a plugin that is ready.
    pub(crate) fn call(&self, step: &Step, plugin: &Plugin) -> Ran {
        let tape = Tape::new(&step.calls);
        let ended = self.dispatch(step, plugin, ports(&tape, step.now));
        let (answer, took, fuel) = ended.unwrap_or_else(|why| {
            (
                Answer::Refused(format!("`input` is not what {} takes: {why}", step.function)),
                Duration::ZERO,
                None,
            )
        });
        Ran { answer, asked: tape.differences(), renewed: tape.renewed(), took, fuel }
    }
}

fn expects_timeout(step: &Step) -> bool {
    matches!(&step.answer, Answer::Fault(Fault { kind: FaultKind::Timeout, .. }))
}

fn patient(step: &Step) -> Limits {
    if expects_timeout(step) {
        return step.limits;
    }
    let time = step.limits.time.map_or(PATIENCE, |time| time.max(PATIENCE));
    let prepare_time = step.limits.prepare_time.map_or(PATIENCE, |time| time.max(PATIENCE));
    Limits { time: Some(time), prepare_time: Some(prepare_time), ..step.limits }
}

fn key(wanted: &Wanted) -> Digest {
    let Wanted { bytes: _, digest, world, settings, grants, limits, instance } = wanted;
    let rest = serde_json::to_string(&(grants, limits, instance)).unwrap_or_default();
    let world: &[u8] = match world {
        World::Mapper => b"mapper",
        World::Router => b"router",
        World::Adapter => b"adapter",
    };
    Digest::of_parts([digest.as_bytes().as_slice(), world, settings.as_bytes(), rest.as_bytes()])
}
