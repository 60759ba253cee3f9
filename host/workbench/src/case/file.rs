//! Cases as files.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use serde::Deserialize;

use super::{Case, VERSION};
use crate::error::WorkbenchError;

// === impl Case ===

impl Case {
    /// Reads and checks a case.
    ///
    /// # Errors
    /// With line and column, when it is no case, or one of a version that this release does not know.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "patchbay-case")]
            version: Option<u32>,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match head.version {
            Some(VERSION) => serde_json::from_str(text).map_err(|error| error.to_string()),
            Some(other) => Err(format!(
                "it is of version {other} of the format, and this release knows {VERSION}: update `patchbay`"
            )),
            None => Err(format!("this is no case: it lacks `\"patchbay-case\": {VERSION}`")),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With the file's path.
    pub fn read(path: &Path) -> Result<Self, WorkbenchError> {
        let text = fs::read_to_string(path).map_err(WorkbenchError::file(path))?;
        Self::parse(&text).map_err(|why| WorkbenchError::content(path, why))
    }

    /// The case as a file has it.
    #[must_use]
    pub fn text(&self) -> String {
        // Text, numbers, and keys that are text: it always serialises.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Writes a new file for its owner alone, since people may be in it. A file that is there is left alone.
    ///
    /// # Errors
    /// With the file's path.
    pub fn write_new(&self, path: &Path) -> Result<(), WorkbenchError> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(WorkbenchError::file(dir))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(WorkbenchError::file(path))?;
        file.write_all(self.text().as_bytes()).map_err(WorkbenchError::file(path))
    }

    /// Writes a file anew.
    ///
    /// # Errors
    /// With the file's path.
    pub fn rewrite(&self, path: &Path) -> Result<(), WorkbenchError> {
        fs::write(path, self.text()).map_err(WorkbenchError::file(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"patchbay-case":1,"name":"x","steps":[{"function":"router.decide",
        "settings":{"id":123456789012345678901},"input":[1],"answer":{"error":"no"}}]}"#;

    #[test]
    fn settings_keep_every_digit_over_reading_and_writing() {
        let case = Case::parse(&Case::parse(SMALL).unwrap().text()).unwrap();
        assert!(case.steps[0].settings().contains("123456789012345678901"));
    }

    #[test]
    fn another_version_and_a_misspelt_key_are_named() {
        let error = Case::parse(&SMALL.replace(":1,", ":2,")).unwrap_err();
        assert!(error.contains("version 2"), "{error}");
        let error = Case::parse(&SMALL.replace("\"input\"", "\"inputs\"")).unwrap_err();
        assert!(error.contains("inputs") && error.contains("line"), "{error}");
        assert!(Case::parse("{}").unwrap_err().contains("patchbay-case"));
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases/one.json");
        let case = Case::parse(SMALL).unwrap();
        case.write_new(&path).unwrap();
        assert!(case.write_new(&path).is_err());
        assert_eq!(Case::read(&path).unwrap().name, "x");
    }
}
