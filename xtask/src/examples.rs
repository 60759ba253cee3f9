//! The examples that a newcomer copies, gone through as a newcomer does: tested natively, built into a component, asked
//! whether the host would take it, and tested in the sandbox. They are no members of the workspace, so nothing else
//! builds them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    process::{cargo, execute, root, target},
    stages::Stages,
};

/// Each is a crate of its own.
const CRATES: [&str; 2] = ["router-keywords", "adapter-zammad"];
const JAVASCRIPT: &str = "router-js";
/// What is longer is no example any more.
const LINES: usize = 150;

/// Builds `patchbay`, then goes through all of them.
///
/// # Errors
/// With the first that fails.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::default();
    stages.run("build", || execute(&mut cargo(&["build", "--workspace", "--all-targets"])))?;
    self::stages(&mut stages)?;
    stages.summary();
    Ok(())
}

/// Goes through all of them; the one in JavaScript where there is npm, and what it needs can be had.
///
/// # Errors
/// With the first that fails.
pub(crate) fn stages(stages: &mut Stages) -> Result<()> {
    for name in CRATES {
        stages.run(&format!("example {name}"), || in_rust(name))?;
    }
    let name = format!("example {JAVASCRIPT}");
    let dir = root().join("examples").join(JAVASCRIPT);
    if Command::new("npm").arg("--version").output().is_err() {
        stages.skip(&name, "there is no npm on the PATH, and it is written in JavaScript");
        return Ok(());
    }
    let mut install = Command::new("npm");
    install.current_dir(&dir).args(["install", "--no-audit", "--no-fund", "--silent"]);
    if execute(&mut install).is_err() {
        stages.skip(&name, "npm could not install componentize-js: no network, most likely");
        return Ok(());
    }
    stages.run(&name, || in_javascript(&dir))
}

fn in_rust(name: &str) -> Result<()> {
    let dir = root().join("examples").join(name);
    is_short(&dir.join("src"))?;
    // What is newer today than what the workspace has is not tried here.
    fs::copy(root().join("Cargo.lock"), dir.join("Cargo.lock")).context("Cargo.lock")?;
    // With the projects that the tests make, so that what all of them have in common is compiled once.
    let shared = target().join("tmp/projects");
    execute(cargo(&["test", "--quiet"]).current_dir(&dir).env("CARGO_TARGET_DIR", &shared))?;
    let component = dir.join("target").join(format!("{name}.wasm"));
    let plugin = |command: &str| {
        let mut plugin = Command::new(patchbay());
        plugin.current_dir(&dir).env("CARGO_TARGET_DIR", &shared).args(["plugin", command]);
        plugin
    };
    execute(&mut plugin("build"))?;
    execute(plugin("check").arg(&component))?;
    execute(plugin("test").arg(&component).args(["--cases", "cases"]))
}

fn in_javascript(dir: &Path) -> Result<()> {
    execute(Command::new("npm").current_dir(dir).args(["test", "--silent"]))?;
    execute(Command::new("npm").current_dir(dir).args(["run", "--silent", "build"]))?;
    let config = target().join("examples").join(JAVASCRIPT);
    tenant(&dir.join("README.md"), &config)?;
    let plugin = |command: &str| {
        let mut plugin = Command::new(patchbay());
        plugin.current_dir(dir).args(["plugin", command, "dist/router-js.wasm"]);
        plugin
    };
    execute(plugin("check").arg("--config").arg(&config).args(["--tenant", "acme"]))?;
    execute(plugin("test").args(["--cases", "cases"]))
}

/// A tenant whose file says what the README tells its reader to say.
fn tenant(readme: &Path, config: &Path) -> Result<()> {
    let text = fs::read_to_string(readme).with_context(|| readme.display().to_string())?;
    let slot = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let slot = slot.with_context(|| format!("{} shows no table of a tenant's file", readme.display()))?;
    let tenants = config.join("tenants");
    fs::create_dir_all(&tenants).with_context(|| tenants.display().to_string())?;
    fs::write(tenants.join("acme.toml"), format!("[mapper]\ncomponent = \"mapper-matrix\"\n\n{slot}"))?;
    Ok(())
}

/// As the stage `build` has left it.
fn patchbay() -> PathBuf {
    target().join("debug/patchbay")
}

fn is_short(src: &Path) -> Result<()> {
    for entry in fs::read_dir(src).with_context(|| src.display().to_string())? {
        let path = entry?.path();
        let lines = fs::read_to_string(&path).with_context(|| path.display().to_string())?.lines().count();
        ensure!(lines < LINES, "{} has {lines} lines: an example has less than {LINES}", path.display());
    }
    Ok(())
}
