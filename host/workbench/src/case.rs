//! A case: what one event, or one made-up sample, asked of plugins, and what they answered. One JSON file holds all that
//! is needed to ask again: settings, grants, limits, time, and each answer that the host gave meanwhile. Secrets are
//! never in it, since requests hold them by name.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use patchbay_plugin::{FaultKind, World};
use patchbay_types::{
    Digest, Millis, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::error::WorkbenchError;

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

/// The functions that can be asked again, as traces name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Function {
    /// `mapping.from-matrix`
    #[serde(rename = "mapper.from-matrix")]
    FromMatrix,
    /// `mapping.to-matrix`
    #[serde(rename = "mapper.to-matrix")]
    ToMatrix,
    /// `routing.decide`
    #[serde(rename = "router.decide")]
    Decide,
    /// `adapter.contact`
    #[serde(rename = "adapter.contact")]
    Contact,
    /// `adapter.open`
    #[serde(rename = "adapter.open")]
    Open,
    /// `adapter.append`
    #[serde(rename = "adapter.append")]
    Append,
    /// `adapter.update`
    #[serde(rename = "adapter.update")]
    Update,
    /// `webhooks.accept`
    #[serde(rename = "webhooks.accept")]
    Accept,
    /// `webhooks.receive`
    #[serde(rename = "webhooks.receive")]
    Receive,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

// === impl Case ===

impl Case {
    /// Reads and checks a case.
    ///
    /// # Errors
    /// With line and column, when it is no case, or one of a version that this release does not know.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "patchbay-case")]
            version: Option<u32>,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match head.version {
            Some(VERSION) => serde_json::from_str(text).map_err(|error| error.to_string()),
            Some(other) => Err(format!(
                "it is of version {other} of the format, and this release knows {VERSION}: update `patchbay`"
            )),
            None => Err(format!("this is no case: it lacks `\"patchbay-case\": {VERSION}`")),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With the file's path.
    pub fn read(path: &Path) -> Result<Self, WorkbenchError> {
        let text = fs::read_to_string(path).map_err(WorkbenchError::file(path))?;
        Self::parse(&text).map_err(|why| WorkbenchError::content(path, why))
    }

    /// Leaves only the steps of `slot`, and the components that they need.
    pub fn keep_slot(&mut self, slot: &str) {
        self.steps.retain(|step| step.slot() == slot);
        let used: Vec<Option<Digest>> = self.steps.iter().map(|step| step.component).collect();
        self.components.retain(|digest, _| used.contains(&Some(*digest)));
    }

    /// The case as a file has it.
    #[must_use]
    pub fn text(&self) -> String {
        // Text, numbers, and keys that are text: it always serialises.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Writes a new file for its owner alone, since people may be in it. A file that is there is left alone.
    ///
    /// # Errors
    /// With the file's path.
    pub fn write_new(&self, path: &Path) -> Result<(), WorkbenchError> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(WorkbenchError::file(dir))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(WorkbenchError::file(path))?;
        file.write_all(self.text().as_bytes()).map_err(WorkbenchError::file(path))
    }

    /// Writes a file anew.
    ///
    /// # Errors
    /// With the file's path.
    pub fn rewrite(&self, path: &Path) -> Result<(), WorkbenchError> {
        fs::write(path, self.text()).map_err(WorkbenchError::file(path))
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

// === impl Function ===

impl Function {
    /// The function that a trace calls by this name, where it can be asked again.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }

    /// The name that traces use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FromMatrix => "mapper.from-matrix",
            Self::ToMatrix => "mapper.to-matrix",
            Self::Decide => "router.decide",
            Self::Contact => "adapter.contact",
            Self::Open => "adapter.open",
            Self::Append => "adapter.append",
            Self::Update => "adapter.update",
            Self::Accept => "webhooks.accept",
            Self::Receive => "webhooks.receive",
        }
    }

    /// Which world answers it.
    #[must_use]
    pub fn world(self) -> World {
        match self {
            Self::FromMatrix | Self::ToMatrix => World::Mapper,
            Self::Decide => World::Router,
            Self::Contact | Self::Open | Self::Append | Self::Update | Self::Accept | Self::Receive => {
                World::Adapter
            }
        }
    }

    fn slot(self) -> &'static str {
        match self.world() {
            World::Mapper => "mapper",
            World::Router => "router",
            World::Adapter => "adapters.adapter",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"patchbay-case":1,"name":"x","steps":[{"function":"router.decide",
        "settings":{"id":123456789012345678901},"input":[1],"answer":{"error":"no"}}]}"#;

    #[test]
    fn every_function_is_found_by_the_name_it_shows() {
        for name in
            ["mapper.from-matrix", "mapper.to-matrix", "router.decide", "adapter.contact", "adapter.open"]
                .into_iter()
                .chain(["adapter.append", "adapter.update", "webhooks.accept", "webhooks.receive"])
        {
            assert_eq!(Function::named(name).unwrap().name(), name);
        }
        assert_eq!(Function::named("deliver"), None);
    }

    #[test]
    fn settings_keep_every_digit_over_reading_and_writing() {
        let case = Case::parse(&Case::parse(SMALL).unwrap().text()).unwrap();
        assert!(case.steps[0].settings().contains("123456789012345678901"));
    }

    #[test]
    fn another_version_and_a_misspelt_key_are_named() {
        let error = Case::parse(&SMALL.replace(":1,", ":2,")).unwrap_err();
        assert!(error.contains("version 2"), "{error}");
        let error = Case::parse(&SMALL.replace("\"input\"", "\"inputs\"")).unwrap_err();
        assert!(error.contains("inputs") && error.contains("line"), "{error}");
        assert!(Case::parse("{}").unwrap_err().contains("patchbay-case"));
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases/one.json");
        let case = Case::parse(SMALL).unwrap();
        case.write_new(&path).unwrap();
        assert!(case.write_new(&path).is_err());
        assert_eq!(Case::read(&path).unwrap().name, "x");
    }
}
