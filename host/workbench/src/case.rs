//! A case: what one event, or one made-up sample, asked of plugins, and what they answered. One JSON file holds all that
//! is needed to ask again: settings, grants, limits, time, and each answer that the host gave meanwhile. Secrets are
//! never in it: requests hold those that were granted by name, and what else is one by where it stands is `***`.

mod file;
mod function;
mod parked;

use std::collections::BTreeMap;

use patchbay_plugin::FaultKind;
use patchbay_types::{
    Digest, Millis, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

pub use self::function::Function;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The whole file. Unknown keys are refused, so that a misspelt one is not silently without effect.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// [`VERSION`]
    #[serde(rename = "patchbay-case")]
    pub version: u32,
    /// In a few words; a test is shown by it.
    pub name: String,
    /// Whose event it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The Matrix event, or the entry of a CRM's news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// People and what they said were replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// What was asked, in order.
    pub steps: Vec<Step>,
    /// Components by digest, in base64, where they were wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<Digest, String>,
}

/// One call of a plugin.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What was called.
    pub function: Function,
    /// `mapper`, `router`, `adapters.<name>`; absent: the function's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub slot: String,
    /// Which plugin answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<MadeBy>,
    /// Which build of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Digest>,
    /// The tenant's generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The slot's settings; absent: none. Kept as written, digit by digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Box<RawValue>>,
    /// What the host no longer has of it. Such a step cannot be asked again until somebody fills it in and takes this
    /// away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// What it was granted; absent: whatever its manifest wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// The most that it may use.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// How long an instance lives.
    #[serde(default, skip_serializing_if = "is_default")]
    pub instance: InstancePolicy,
    /// What the clock showed, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "is_default")]
    pub now: Millis,
    /// The parameters, in the order of the contract. Bytes that are text stand as text.
    pub input: Vec<Value>,
    /// What was answered.
    pub answer: Answer,
    /// That answer had the event set aside: as a test the step fails until the plugin gives another one. A fault is
    /// unwanted without being called so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unwanted: bool,
    /// What it asked of the host meanwhile, in order, and what that answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
}

/// A plugin's name and version, as its manifest says them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeBy {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// With a value.
    Ok(Value),
    /// With an adapter's own failure.
    Failure(Value),
    /// With the error of a mapper or router, in its words.
    Error(String),
    /// The sandbox ended it.
    Fault(Fault),
    /// The component was not made ready; never recorded, only met.
    Refused(String),
}

/// The sandbox ended a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which wall was hit.
    pub kind: FaultKind,
    /// In a sentence; it names places in one build, so it is shown and never compared.
    #[serde(default)]
    pub detail: String,
}

/// One thing that a plugin asked of the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Interface and function, such as `http.send`.
    pub function: String,
    /// The arguments, in the order of the contract; null where they were not written down.
    #[serde(default)]
    pub input: Value,
    /// What was answered.
    #[serde(default)]
    pub answer: Value,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

// === impl Case ===

impl Case {
    /// Leaves only the steps of `slot`, and the components that they need.
    pub fn keep_slot(&mut self, slot: &str) {
        self.steps.retain(|step| step.slot() == slot);
        self.drop_unused();
    }

    fn drop_unused(&mut self) {
        let used: Vec<Option<Digest>> = self.steps.iter().map(|step| step.component).collect();
        self.components.retain(|digest, _| used.contains(&Some(*digest)));
    }
}

// === impl Step ===

impl Step {
    /// The slot's name, the function's own where none is written.
    #[must_use]
    pub fn slot(&self) -> &str {
        if self.slot.is_empty() { self.function.slot() } else { &self.slot }
    }

    /// Whether both are the same question with the same answer, to the same build: what a repeated attempt leaves.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        (self.function, self.slot(), self.component) == (other.function, other.slot(), other.component)
            && self.generation == other.generation
            && (&self.input, &self.answer, &self.calls) == (&other.input, &other.answer, &other.calls)
    }

    /// The settings as the guest reads them.
    #[must_use]
    pub fn settings(&self) -> &str {
        self.settings.as_ref().map_or("{}", |settings| settings.get())
    }
}
