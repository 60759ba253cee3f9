//! `cargo xtask bench`: builds for speed, measures, and prints each figure beside its aim.

use std::process::Command;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    guests,
    process::{cargo, execute, root, target},
};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    what: What,
    /// Fewer events: figures to look at, not to quote.
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The whole way: from a transaction to the line at the desk.
    Host,
    /// Adapters that reach outside: what an exchange costs, a slow CRM, webhooks, an outage.
    Outside,
    /// Single calls into components, and what the SDK costs them.
    Calls,
    /// Everything.
    All,
}

/// Measures. The machine should have nothing else to do: a run that others disturbed is marked.
///
/// # Errors
/// When something does not build or does not run. A missed aim is shown, and is no error.
pub(crate) fn run(options: &Options) -> Result<()> {
    guests::build(&[])?;
    if options.what != What::Calls {
        let packages = ["--package", "patchbay-server", "--package", "patchbay-benches"];
        execute(cargo(&["build", "--release", "--bins"]).args(packages))?;
        let release = target().join("release");
        let mut bench = Command::new(release.join("patchbay-bench"));
        bench.current_dir(root()).arg("--host").arg(release.join("patchbay"));
        bench.arg("--components").arg(target().join("guests")).arg("--work").arg(target().join("bench"));
        match options.what {
            What::Host => drop(bench.args(["--only", "host"])),
            What::Outside => drop(bench.args(["--only", "outside"])),
            What::Calls | What::All => {}
        }
        if options.quick {
            bench.arg("--quick");
        }
        execute(&mut bench)?;
    }
    if matches!(options.what, What::Calls | What::All) {
        let benches = ["--bench", "plugin_call", "--bench", "sdk_cost"];
        execute(cargo(&["bench", "--package", "patchbay-benches"]).args(benches))?;
    }
    Ok(())
}
