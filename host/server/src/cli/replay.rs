//! `patchbay replay`: an event is gone through again, here, with the same plugins or another one.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use patchbay_workbench::{Case, Component, Components, Sandbox};

use super::{client::Host, export, output::Output};
use crate::{failure::Failure, telemetry};

/// Asks every plugin of an event again, in the sandbox that the host uses, and shows where it answers otherwise.
///
/// Nothing reaches outside: what a plugin asks of the host is answered as it was then. The exit code is 1 when something
/// is answered, or asked, otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay replay event.json                            with the components that answered then
  patchbay replay '$event' --component my-router.wasm   what would another router have decided?
  patchbay replay event.json --component crm.wasm --slot adapters.crm
  patchbay replay event.json --json | jq '.cases[].steps[] | select(.verdict == \"different\")'")]
pub(super) struct Replay {
    /// A case's file, or an event of the running host.
    #[arg(value_name = "FILE|EVENT-ID")]
    what: String,
    /// Answers in place of the components of its world.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// This slot alone, such as `adapters.crm`.
    #[arg(long)]
    slot: Option<String>,
    /// Where components are looked for by their digests, besides the case and its own directory.
    #[arg(long, value_name = "DIR")]
    components: Vec<PathBuf>,
    #[command(flatten)]
    host: Host,
}

// === impl Replay ===

impl Replay {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        telemetry::start_for_guests();
        let path = Path::new(&self.what);
        let is_file = path.is_file() || path.extension().is_some_and(|extension| extension == "json");
        let case =
            if is_file { Case::read(path)? } else { export::fetch(&self.host, &self.what, None, true)? };
        let mut components =
            Components::of(&case).map_err(|why| Failure::Failed(anyhow!("{}: {why}", self.what)))?;
        if let Some(dir) = path.parent().filter(|_| is_file) {
            components = components.and_in(if dir.as_os_str().is_empty() { Path::new(".") } else { dir });
        }
        for dir in &self.components {
            components = components.and_in(dir);
        }
        let instead = self.component.as_deref().map(Component::read).transpose()?;
        let report = patchbay_workbench::replay(
            &Sandbox::new()?,
            &case,
            &components,
            instead.as_ref(),
            self.slot.as_deref(),
        );
        if self.host.json {
            out.json(&report)?;
        } else {
            for case in &report.cases {
                out.line(case.to_string())?;
            }
        }
        if report.is_good() { Ok(()) } else { Err(Failure::Found) }
    }
}
