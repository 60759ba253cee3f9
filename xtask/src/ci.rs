//! `cargo xtask ci`: what a change has to pass.

use anyhow::Result;

use crate::{
    process::{cargo, execute, has_cargo},
    stages::Stages,
    test,
};

/// Checks format, lints and licences, then runs the whole suite.
///
/// # Errors
/// With the first stage that fails.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::default();
    stages.run("format", || execute(&mut cargo(&["fmt", "--all", "--check"])))?;
    stages.run("lints", || {
        execute(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
    })?;
    if has_cargo("deny") {
        stages.run("licences and sources", || execute(&mut cargo(&["deny", "check"])))?;
    } else {
        stages.skip("licences and sources", "cargo-deny is not installed: cargo install cargo-deny --locked");
    }
    test::stages(&mut stages, &test::Options { require_synapse: true })?;
    stages.summary();
    Ok(())
}
