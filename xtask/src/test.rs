//! `cargo xtask test`: the whole suite, in stages, on a machine where nobody installed anything by hand.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    examples, guests,
    process::{cargo, execute, has_cargo, target},
    stages::Stages,
    synapse, torture,
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
    stages.run("components", || guests::build(&[]).map(drop))?;
    // Always the same set of packages: another one unifies features in another way, and builds wasmtime once more.
    stages.run("build", || execute(&mut cargo(&["build", "--workspace", "--all-targets"])))?;
    stages.run("tests", tests)?;
    examples::stages(stages)?;
    stages.run("doc tests", || execute(&mut cargo(&["test", "--workspace", "--doc", "--quiet"])))?;
    end_to_end(stages, options)?;
    stages.run("torture, with small counts", || torture::run(&torture::Options::small()))
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
    let mut environment = PathBuf::new();
    stages.run("Synapse from PyPI", || {
        environment = synapse::install(python)?;
        Ok(())
    })?;
    stages.run(NAME, || {
        let mut tests = cargo(&["test", "--workspace", "--test", "synapse", "--", "--ignored"]);
        tests.env("PATCHBAY_SYNAPSE", &environment).env("PATCHBAY_COMPONENTS", target().join("guests"));
        execute(&mut tests)
    })
}
