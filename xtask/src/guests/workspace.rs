//! Where things lie, as cargo tells it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The workspace's directories, and the guests in it.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) guests: Vec<Guest>,
}

/// A crate that has a `plugin.toml`.
pub(crate) struct Guest {
    /// The crate's name, which is the plugin's too.
    pub(crate) name: String,
    /// Its `plugin.toml`.
    pub(crate) manifest: PathBuf,
}

// === impl Workspace ===

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When there is no workspace here.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]);
        let output = cargo.output().context("cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        let path =
            |key: &str| metadata.get(key).and_then(Value::as_str).map(PathBuf::from).context(key.to_owned());
        let packages = metadata.get("packages").and_then(Value::as_array).context("packages")?;
        let mut guests: Vec<_> = packages.iter().filter_map(guest).collect();
        guests.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")?, guests })
    }
}

// === impl Guest ===

impl Guest {
    /// The file that the compiler writes.
    pub(crate) fn artefact(&self) -> String {
        format!("{}.wasm", self.name.replace('-', "_"))
    }
}

fn guest(package: &Value) -> Option<Guest> {
    let name = package.get("name")?.as_str()?.to_owned();
    let manifest = Path::new(package.get("manifest_path")?.as_str()?).with_file_name("plugin.toml");
    manifest.exists().then_some(Guest { name, manifest })
}
