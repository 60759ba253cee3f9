//! `patchbay plugin`: what developers of plugins do, far from any host. The work is done in the crate `workbench`; here
//! are its words.

mod bench;
mod build;
mod check;
mod inspect;
mod new;
mod test;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use patchbay_workbench::{Component, Project, WorkbenchError};

use super::output::{Output, here};
use crate::failure::Failure;

/// Makes, builds, checks, tests, inspects and measures plugins. No host is needed.
///
/// A plugin is a Cargo project with a `plugin.toml` beside its `Cargo.toml`. `new` makes one, `build` makes a component
/// of it, and what runs here runs in the sandbox that the host uses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin new router my-router    a project that builds, is tested, and can be changed
  cd my-router
  cargo test                              its logic, natively
  patchbay plugin test                    builds it, and asks it what cases/ ask
  patchbay plugin check target/my-router.wasm --config /etc/patchbay --tenant acme
  cp target/my-router.wasm /etc/patchbay/components/      it serves as soon as it has proved to work")]
pub(super) struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(new::New),
    Build(build::Build),
    Check(check::Check),
    Test(test::Test),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
}

// === impl Plugin ===

impl Plugin {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        match &self.action {
            Action::New(command) => command.run(out),
            Action::Build(command) => command.run(out),
            Action::Check(command) => command.run(out),
            Action::Test(command) => command.run(out),
            Action::Inspect(command) => command.run(out),
            Action::Bench(command) => command.run(out),
        }
    }
}

/// The component file that was named; else the one that the project here makes, built now.
fn component(file: Option<&Path>) -> Result<Component, WorkbenchError> {
    match file {
        Some(file) => Component::read(file),
        None => {
            let project = Project::needed(Path::new("."))?;
            let built = patchbay_workbench::build(&project, None)?;
            Component::read(&built.path)
        }
    }
}

/// The directory of cases that was named; else that of the project here.
fn cases(named: Option<&PathBuf>) -> Result<PathBuf, WorkbenchError> {
    match named {
        Some(dir) => Ok(dir.clone()),
        None => Ok(here(&Project::needed(Path::new("."))?.cases()).to_owned()),
    }
}
