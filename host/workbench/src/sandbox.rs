//! The sandbox that the host uses, on a developer's machine: a component and a step go in, what it answers comes out.
//! Behind the component's imports stands nothing but the step's own record.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use patchbay_plugin::{
    CallError, Caller, FaultKind, Plugin, Ports, Runtime, RuntimeConfig, Timed, Wanted, World,
    adapter::{self, Failure},
    mapping, routing, types, webhooks,
};
use patchbay_types::{
    Digest, TenantId,
    config::PluginsConfig,
    tenant::{Grants, Limits},
    units::Span,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    case::{Answer, Call, Fault, Function, Step},
    component::Component,
    diff::Difference,
    error::WorkbenchError,
    ports::ports,
    tape::Tape,
    text,
};

/// A developer's machine may be slow, and that is no fault of the plugin's: a call is given so long, unless the record
/// says that it took too long. What it costs is measured by `bench`.
const PATIENCE: Span = Span::millis(10_000);

/// The host gives an adapter this long to accept a webhook.
const ACCEPT: Duration = Duration::from_millis(300);

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
        let tool =
            |what: &str, error: &dyn std::fmt::Display| WorkbenchError::Tool(format!("{what}: {error}"));
        let cache = tempfile::tempdir().map_err(|error| tool("a directory to compile in", &error))?;
        let plugins = PluginsConfig { instances: 16, warm: 4, ..PluginsConfig::default() };
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

    fn dispatch(&self, step: &Step, plugin: &Plugin, ports: Ports) -> Result<Ended, String> {
        let caller = Caller { tenant: TenantId::new("-"), slot: step.slot().into(), about: None };
        let input = &step.input;
        Ok(match step.function {
            Function::FromMatrix => {
                let (event, room): (mapping::Event, types::Room) = read(input)?;
                pure(plugin.from_matrix(&caller, &event, &room))
            }
            Function::ToMatrix => {
                let (update,): (mapping::Update,) = read(input)?;
                pure(plugin.to_matrix(&caller, &update))
            }
            Function::Decide => {
                let (message, conversation, now): (types::Message, routing::Conversation, u64) = read(input)?;
                pure(plugin.decide(&caller, &message, &conversation, now))
            }
            Function::Contact => {
                let (person, call): (types::Person, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.contact(&caller, ports, &person, &call)))
            }
            Function::Open => {
                let (draft, call): (adapter::Draft, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.open(&caller, ports, &draft, &call)))
            }
            Function::Append => {
                let (ticket, items, call): (String, Vec<adapter::Item>, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.append(&caller, ports, &ticket, &items, &call)))
            }
            Function::Update => {
                let (ticket, changes, call): (String, types::Changes, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.update(&caller, ports, &ticket, &changes, &call)))
            }
            Function::Accept => {
                let (webhook,): (webhooks::Webhook,) = read(input)?;
                // `http` and `store` do not work here.
                let ports = Ports { http: None, store: None, desk: None, ..ports };
                let within = if expects_timeout(step) { ACCEPT } else { PATIENCE.0 };
                pure(present(self.tokio.block_on(plugin.accept(&caller, ports, &webhook, within)))?)
            }
            Function::Receive => {
                let (webhook,): (webhooks::Webhook,) = read(input)?;
                effect(present(self.tokio.block_on(plugin.receive(&caller, ports, &webhook)))?)
            }
        })
    }
}

type Ended = (Answer, Duration, Option<u64>);
type Called<T> = Result<Timed<T>, CallError>;

/// The parameters, as the contract's own values.
fn read<T: DeserializeOwned>(input: &[Value]) -> Result<T, String> {
    serde_json::from_value(text::exact(Value::Array(input.to_vec()))).map_err(|error| error.to_string())
}

fn shown(value: &impl Serialize) -> Value {
    text::readable(serde_json::to_value(value).unwrap_or_default())
}

fn pure<T: Serialize>(called: Called<T>) -> Ended {
    match called {
        Ok(Timed { value, took, fuel }) => (Answer::Ok(shown(&value)), took, fuel),
        Err(error) => ended_early(error),
    }
}

fn effect<T: Serialize>(called: Called<(Result<T, Failure>, Ports)>) -> Ended {
    match called {
        Ok(Timed { value: (Ok(value), _), took, fuel }) => (Answer::Ok(shown(&value)), took, fuel),
        Ok(Timed { value: (Err(failure), _), took, fuel }) => (Answer::Failure(shown(&failure)), took, fuel),
        Err(error) => ended_early(error),
    }
}

fn ended_early(error: CallError) -> Ended {
    let answer = match error {
        CallError::Guest(said) => Answer::Error(said),
        CallError::Fault(fault) => Answer::Fault(Fault { kind: fault.kind, detail: fault.detail }),
    };
    (answer, Duration::ZERO, None)
}

/// What an adapter without `webhooks` does not answer.
fn present<T>(called: Called<Option<T>>) -> Result<Called<T>, String> {
    match called {
        Ok(Timed { value: Some(value), took, fuel }) => Ok(Ok(Timed { value, took, fuel })),
        Ok(Timed { value: None, .. }) => Err("this adapter exports no `webhooks`".to_owned()),
        Err(error) => Ok(Err(error)),
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
