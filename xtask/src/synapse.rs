//! A real Synapse for the end-to-end tests: installed from PyPI into a virtual environment under `target/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::process::{execute, target};

/// The version whose behaviour `fixtures/matrix` records.
const VERSION: &str = "1.163.2";

/// The Python found on the `PATH`, or nothing.
pub(crate) fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|program| {
        let probe = "import sys; sys.exit(sys.version_info < (3, 10))";
        let mut command = Command::new(program);
        command.args(["-c", probe]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// A virtual environment in which Synapse is installed, made when it is not there yet.
///
/// # Errors
/// When Python cannot make one, or the package cannot be had.
pub(crate) fn install(python: &str) -> Result<PathBuf> {
    let environment = target().join("synapse-venv");
    let stamp = environment.join(format!("installed-{VERSION}"));
    if stamp.exists() {
        return Ok(environment);
    }
    // What an interrupted installation left is not worth repairing.
    if environment.exists() {
        fs::remove_dir_all(&environment).context("removing an unfinished virtual environment")?;
    }
    execute(Command::new(python).args(["-m", "venv"]).arg(&environment))
        .context("Python has no `venv` here; on Debian and Ubuntu: apt install python3-venv")?;
    let package = format!("matrix-synapse=={VERSION}");
    execute(
        Command::new(python_of(&environment))
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", &package]),
    )
    .context("Synapse could not be installed from PyPI")?;
    fs::write(&stamp, "").context("marking the virtual environment as complete")?;
    Ok(environment)
}

fn python_of(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}
