//! A plugin's project: the directory that holds its `Cargo.toml` and its `plugin.toml`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use patchbay_package::Manifest;

use crate::error::WorkbenchError;

/// The manifest's file, beside `Cargo.toml`.
pub(crate) const MANIFEST: &str = "plugin.toml";

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its directory.
    pub dir: PathBuf,
    /// `plugin.toml`, as it stands.
    pub text: String,
    /// `plugin.toml`, understood.
    pub manifest: Manifest,
}

// === impl Project ===

impl Project {
    /// The project that `dir` lies in; nothing where it lies in none.
    ///
    /// # Errors
    /// When there is one, and its `plugin.toml` is wrong.
    pub fn around(dir: &Path) -> Result<Option<Self>, WorkbenchError> {
        let dir = std::path::absolute(dir).map_err(WorkbenchError::file(dir))?;
        let found =
            dir.ancestors().find(|dir| dir.join(MANIFEST).is_file() && dir.join("Cargo.toml").is_file());
        found.map(Self::read).transpose()
    }

    /// The same, for whoever needs one.
    ///
    /// # Errors
    /// When there is none, with how to make one.
    pub fn needed(dir: &Path) -> Result<Self, WorkbenchError> {
        if let Some(project) = Self::around(dir)? {
            return Ok(project);
        }
        let crate_alone = dir.join("Cargo.toml");
        if crate_alone.is_file() {
            let why = format!(
                "beside it a plugin has a `{MANIFEST}`, with `name`, `version`, `contract` and `world` in it, and there is \
                 none; `patchbay plugin new` shows what one looks like"
            );
            return Err(WorkbenchError::content(&crate_alone, why));
        }
        Err(WorkbenchError::Refused(format!(
            "{} lies in no plugin's project, which has a `Cargo.toml` and a `{MANIFEST}` side by side; \
             `patchbay plugin new router my-router` makes one",
            dir.display()
        )))
    }

    /// Where its cases lie.
    #[must_use]
    pub fn cases(&self) -> PathBuf {
        self.dir.join("cases")
    }

    /// Where its component is written.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.dir.join("target").join(format!("{}.wasm", self.manifest.name))
    }

    fn read(dir: &Path) -> Result<Self, WorkbenchError> {
        let path = dir.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(WorkbenchError::file(&path))?;
        let manifest = Manifest::parse(&text).map_err(|error| WorkbenchError::content(&path, error))?;
        Ok(Self { dir: dir.to_owned(), text, manifest })
    }
}
