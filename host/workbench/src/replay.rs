//! `replay`: every step of an event is asked again, of the components that answered then, or of another one in the place
//! of one of them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_types::Digest;

use crate::{
    case::{Case, Step},
    component::Component,
    judge::{Faults, judge, not_run},
    report::{CaseReport, Report, StepReport, Verdict},
    sandbox::Sandbox,
};

/// Where the components of a case are looked for: in the case itself, then in directories, always by digest.
#[derive(Debug, Default)]
pub struct Components {
    known: BTreeMap<Digest, Component>,
    files: BTreeMap<Digest, PathBuf>,
}

// === impl Components ===

impl Components {
    /// Those that the case brings.
    ///
    /// # Errors
    /// When one of them is not what its digest says.
    pub fn of(case: &Case) -> Result<Self, String> {
        let mut components = Self::default();
        for (digest, text) in &case.components {
            let bytes =
                STANDARD.decode(text).map_err(|error| format!("component {}: {error}", digest.short()))?;
            if Digest::of(&bytes) != *digest {
                return Err(format!("component {}: its bytes have another digest", digest.short()));
            }
            let component =
                Component::parse(bytes).map_err(|why| format!("component {}: {why}", digest.short()))?;
            components.known.insert(*digest, component);
        }
        Ok(components)
    }

    /// And those of a directory. One that cannot be read has none.
    #[must_use]
    pub fn and_in(mut self, dir: &Path) -> Self {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "wasm")
                && let Ok(bytes) = fs::read(&path)
            {
                self.files.insert(Digest::of(&bytes), path);
            }
        }
        self
    }

    fn get(&self, step: &Step) -> Result<Component, String> {
        let Some(digest) = step.component else {
            return Err("the case names no component for it: name one with `--component FILE`".to_owned());
        };
        if let Some(component) = self.known.get(&digest) {
            return Ok(component.clone());
        }
        let path = self.files.get(&digest).ok_or_else(|| {
            format!(
                "its component {} is not at hand: export with `--with-components`, or name one with `--component FILE`",
                digest.short()
            )
        })?;
        Component::read(path).map_err(|error| error.to_string())
    }
}

/// Asks every step of `case` again, or those of `slot`; `instead` answers for each component of its world.
#[must_use]
pub fn replay(
    sandbox: &Sandbox,
    case: &Case,
    components: &Components,
    instead: Option<&Component>,
    slot: Option<&str>,
) -> Report {
    let step = |step: &Step| one(sandbox, step, components, instead, slot);
    let steps = case.steps.iter().map(step).collect();
    Report { cases: vec![CaseReport { file: None, name: case.name.clone(), error: None, steps }] }
}

fn one(
    sandbox: &Sandbox,
    step: &Step,
    components: &Components,
    instead: Option<&Component>,
    slot: Option<&str>,
) -> StepReport {
    if slot.is_some_and(|slot| slot != step.slot()) {
        return not_run(step, Verdict::Skipped, "another slot");
    }
    if let Some(missing) = &step.missing {
        return not_run(step, Verdict::Impossible, missing.as_str());
    }
    let other = instead.filter(|component| component.world() == Some(step.function.world()));
    let component = match (other, components.get(step)) {
        (Some(other), _) => other.clone(),
        (None, Ok(component)) => component,
        // Whoever tries another component asks about that one.
        (None, Err(_)) if instead.is_some() => {
            return not_run(step, Verdict::Skipped, "its own component is not at hand");
        }
        (None, Err(why)) => return not_run(step, Verdict::Impossible, why),
    };
    judge(step, component.title(), &sandbox.run(step, &component), Faults::Count)
}
