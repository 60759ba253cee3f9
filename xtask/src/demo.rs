//! `cargo xtask demo`: builds the host and the components, and shows them at work.

use std::{os::unix::process::CommandExt as _, process::Command};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    guests,
    process::{cargo, execute, root, target},
};

/// The components of the example tenant, and of one that comes later.
const COMPONENTS: [&str; 4] = ["mapper-matrix", "router-rules", "adapter-desk", "adapter-webhook"];

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// End after the show; the exit code tells whether all went well.
    #[arg(long)]
    once: bool,
}

/// Builds, then plays `patchbay-demo` in `target/demo`.
///
/// # Errors
/// When something does not build, or the show cannot be started; else the show's exit code is ours.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("== Building the components, the host and the show (the first time takes some minutes)");
    for guest in guests::build(&COMPONENTS.map(str::to_owned)).context("the components")? {
        println!("   {:<16} {:>5} KiB", guest.name, guest.size.div_ceil(1024));
    }
    let packages = ["build", "--package", "patchbay-server", "--package", "patchbay-benches"];
    execute(cargo(&packages).args(["--bin", "patchbay", "--bin", "patchbay-demo"]))?;
    let programs = target().join("debug");
    let mut show = Command::new(programs.join("patchbay-demo"));
    show.current_dir(root());
    show.arg("--host").arg(programs.join("patchbay"));
    show.arg("--components").arg(target().join("guests"));
    show.args(["--example", "examples/tenant", "--captures", "fixtures/matrix/transactions.json"]);
    show.arg("--work").arg(target().join("demo"));
    if options.once {
        show.arg("--once");
    }
    // In our place, so that Ctrl-C is the show's alone and whoever called us waits for its end.
    Err(show.exec()).context("starting the show")
}
