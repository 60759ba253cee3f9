//! Finds and reads `patchbay.toml`, and says where an error in it is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use patchbay_types::config::HostConfig;

/// The file's name in the watched directory.
pub(crate) const FILE: &str = "patchbay.toml";

/// The watched directory and what its `patchbay.toml` says.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The directory, absolute, so that a later change of the working directory means nothing.
    pub(crate) dir: PathBuf,
    /// What the file says.
    pub(crate) host: HostConfig,
}

// === impl Loaded ===

impl Loaded {
    /// Reads `<dir>/patchbay.toml`.
    ///
    /// # Errors
    /// With the file's path and, where it is the contents that are wrong, line, column and field.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("cannot read {}; `--config DIR` names the directory that holds it", path.display())
        })?;
        let host = HostConfig::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let dir = std::path::absolute(dir).with_context(|| format!("cannot resolve {}", dir.display()))?;
        Ok(Self { dir, host })
    }

    /// Where the host keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join(&self.host.data)
    }

    /// The file itself, for messages.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.join(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_line_and_field() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "data = 'x'\nregistrations = []\nlisten = 7\n").unwrap();
        let said = format!("{:#}", Loaded::read(dir.path()).unwrap_err());
        assert!(said.contains("patchbay.toml: line 3"), "{said}");
    }

    #[test]
    fn a_missing_file_says_how_to_name_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let said = format!("{:#}", Loaded::read(dir.path()).unwrap_err());
        assert!(said.contains("--config DIR"), "{said}");
    }
}
