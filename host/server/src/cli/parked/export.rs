//! `patchbay parked export`: what was set aside becomes a test of the plugin that is at fault.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use patchbay_types::Digest;
use patchbay_workbench::{Answer, Exported, Project, Step, case_of, mask};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    client::Client,
    output::{Output, here},
};
use crate::failure::Failure;

/// Writes one as a case into a plugin's project: a test that fails until the plugin answers otherwise.
///
/// It holds what the slot at fault was asked last, its settings and grants, and what the host and the CRM answered
/// meanwhile. Secrets are never in it; people are, unless `--mask` replaces them (see `patchbay export --help`).
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Its number.
    id: i64,
    /// Replace people, and what they said.
    #[arg(long)]
    mask: bool,
    /// A directory of cases; else `cases` of the plugin's project here.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Found {
    slot: String,
    component: Option<Digest>,
    #[serde(flatten)]
    exported: Exported,
}

// === impl Export ===

impl Export {
    pub(super) fn run(&self, client: &Client, json: bool, out: &mut Output) -> Result<(), Failure> {
        let id = self.id;
        let found: Found = client.get(&["parked", &id.to_string(), "export"]).send()?;
        let Found { slot, component, exported } = found;
        let mut case = case_of(exported).map_err(|why| Failure::Failed(anyhow!(why)))?;
        let kept = case.keep_parked(&slot, component);
        let Some(last) = case.steps.last().filter(|_| kept) else {
            let why = format!("`{slot}` was asked nothing about {id} that can be asked again");
            return Err(Failure::Failed(anyhow!(why)));
        };
        let dir = self.dir(last)?;
        let name = format!("parked {id}: {} in {}", ending(&last.answer), last.function);
        let whose = last.plugin.as_ref().map_or_else(String::new, |plugin| format!(" of {}", plugin.name));
        let asked = format!("{} in {slot}{whose}", last.function);
        let missing = last.missing.clone();
        case.name = name;
        if self.mask {
            case = mask(case);
        }
        let path = dir.join(format!("parked-{id}.json"));
        case.write_new(&path)?;
        if json {
            return Ok(out.json(&json!({ "id": id, "path": path, "slot": slot }))?);
        }
        out.line(format!("{}: {asked}", here(&path).display()))?;
        let next = match missing {
            Some(missing) => format!("  it cannot be asked again as it is: {missing}"),
            None => "  `patchbay plugin test` fails until the plugin answers otherwise".to_owned(),
        };
        Ok(out.line(next)?)
    }

    /// Where to: a project of another plugin would never be asked what this one was.
    fn dir(&self, step: &Step) -> Result<PathBuf, Failure> {
        if let Some(dir) = &self.into {
            return Ok(dir.clone());
        }
        let at_fault = step.plugin.as_ref().map_or("the plugin", |plugin| plugin.name.as_str());
        let Some(project) = Project::around(Path::new("."))? else {
            let why = format!("this is no plugin's project: go to that of `{at_fault}`, or say `--into DIR`");
            return Err(Failure::Failed(anyhow!(why)));
        };
        let here = &project.manifest.name;
        if step.plugin.as_ref().is_some_and(|plugin| plugin.name != *here) {
            return Err(Failure::Failed(anyhow!(
                "`{at_fault}` is at fault, and this is the project of `{here}`: go to the other one, or say `--into DIR`"
            )));
        }
        Ok(project.cases())
    }
}

/// In a word or two, and in nobody's words.
fn ending(answer: &Answer) -> String {
    match answer {
        Answer::Fault(fault) => fault.kind.to_string(),
        Answer::Failure(failure) => {
            failure.get("kind").and_then(Value::as_str).unwrap_or("a failure").to_lowercase()
        }
        Answer::Error(_) => "an error".to_owned(),
        Answer::Ok(_) | Answer::Refused(_) => "its answer".to_owned(),
    }
}
