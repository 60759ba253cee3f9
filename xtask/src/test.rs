//! `cargo xtask test`: the whole suite, in stages, on a machine where nobody installed anything by hand.

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    process::{cargo, execute, has_cargo},
    stages::Stages,
    synapse,
};

/// How to test.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fail where the end-to-end tests cannot run, instead of skipping them.
    #[arg(long)]
    pub(crate) require_synapse: bool,
}

/// Runs every stage and prints how long each took.
///
/// # Errors
/// With the first stage that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stages = Stages::default();
    self::stages(&mut stages, options)?;
    stages.summary();
    Ok(())
}

/// The stages, for whoever has others before them.
///
/// # Errors
/// With the first stage that fails.
pub(crate) fn stages(stages: &mut Stages, options: &Options) -> Result<()> {
    stages.run("tests", tests)?;
    stages.run("doc tests", || execute(&mut cargo(&["test", "--workspace", "--doc", "--quiet"])))?;
    end_to_end(stages, options)
}

fn tests() -> Result<()> {
    if has_cargo("nextest") {
        return execute(&mut cargo(&["nextest", "run", "--workspace"]));
    }
    println!(
        "   cargo-nextest is not installed, `cargo test` does it too; faster: cargo install cargo-nextest --locked"
    );
    execute(&mut cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))
}

fn end_to_end(stages: &mut Stages, options: &Options) -> Result<()> {
    const NAME: &str = "end to end, against Synapse";
    let Some(python) = synapse::python() else {
        if options.require_synapse {
            bail!("`--require-synapse` needs Python 3.10 or later on the PATH, and there is none");
        }
        stages.skip(NAME, "no Python 3.10 or later on the PATH; Synapse is a Python program");
        return Ok(());
    };
    stages.run("Synapse from PyPI", || synapse::install(python).map(drop))?;
    stages.run(NAME, || {
        let environment = synapse::install(python)?;
        let arguments =
            ["test", "--package", "patchbay-server", "--test", "synapse", "--", "--ignored", "--nocapture"];
        execute(cargo(&arguments).env("PATCHBAY_SYNAPSE", environment))
    })
}
