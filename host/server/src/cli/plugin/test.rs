//! `patchbay plugin test`: a component is asked what its cases ask.

use std::path::{Path, PathBuf};

use clap::Args;
use patchbay_workbench::{Project, Report, Sandbox, WorkbenchError};

use super::super::output::{Output, complain};
use crate::{failure::Failure, telemetry};

/// Asks a component what each case asks, in the sandbox that the host uses, and shows where it answers otherwise.
///
/// A case is a JSON file: settings, input, the answers that the host gave meanwhile, and the answer that is expected.
/// `patchbay export` makes one of a real event. The exit code is 1 when an answer is another one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin test                          builds the project here, and runs cases/*.json
  patchbay plugin test --watch                  again whenever a file changes
  patchbay plugin test --update                 accepts what is answered now: look at it with `git diff` first
  patchbay plugin test my-router.wasm --cases cases/urgent.json
  patchbay plugin test --json | jq '.cases[].steps[].differences'

A parked event becomes a test that fails until the plugin is better:
  patchbay parked export 17 --mask              cases/parked-17.json
  patchbay plugin test                          fails: the case holds a fault where an answer should be
  … mend the plugin …
  patchbay plugin test --update                 accepts its answer; read it before you commit it
  patchbay parked replay 17                     after the component was copied in: the event takes its turn again")]
pub(super) struct Test {
    /// The component; else the project here is built.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// A directory of cases, or one case; else `cases` of the project here.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// What a case has for this slot alone, such as `adapters.crm`.
    #[arg(long)]
    slot: Option<String>,
    /// Write what is answered now into the cases. Faults are never accepted.
    #[arg(long)]
    update: bool,
    /// Do it again whenever a file of the project changes, until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

// === impl Test ===

impl Test {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        // What a guest logs is the first thing that its author wants to see.
        telemetry::start_for_guests();
        let sandbox = Sandbox::new()?;
        if self.watch {
            return self.again(&sandbox, out);
        }
        let report = self.once(&sandbox)?;
        self.show(&report, out)?;
        if report.is_good() { Ok(()) } else { Err(Failure::Found) }
    }

    fn once(&self, sandbox: &Sandbox) -> Result<Report, WorkbenchError> {
        let component = super::component(self.file.as_deref())?;
        let files = patchbay_workbench::files(&super::cases(self.cases.as_ref())?)?;
        let slot = self.slot.as_deref();
        if self.update {
            patchbay_workbench::update(sandbox, &component, &files, slot)
        } else {
            Ok(patchbay_workbench::test(sandbox, &component, &files, slot))
        }
    }

    fn again(&self, sandbox: &Sandbox, out: &mut Output) -> Result<(), Failure> {
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        if let Some(project) = Project::around(Path::new("."))? {
            let root = std::fs::canonicalize(&project.dir)?;
            dirs.extend([root.join("src"), root.join("cases")]);
            files.extend([root.join("Cargo.toml"), root.join("plugin.toml")]);
        }
        for named in self.file.iter().chain(&self.cases) {
            let named = std::fs::canonicalize(named)?;
            if named.is_dir() { dirs.push(named) } else { files.push(named) }
        }
        let mut shown = Ok(());
        patchbay_workbench::watch(&dirs, &files, || {
            match self.once(sandbox) {
                Ok(report) => shown = self.show(&report, out),
                // It does not compile, most of the time: the next change may mend it.
                Err(error) => complain(&Failure::from(error).to_string()),
            }
            shown.is_ok()
        })?;
        Ok(shown?)
    }

    fn show(&self, report: &Report, out: &mut Output) -> std::io::Result<()> {
        if self.json {
            return out.json(report);
        }
        for case in &report.cases {
            out.line(case.to_string())?;
        }
        out.line(report.summary())
    }
}
