//! What is wrong with a file, told so that a person can go there: file, line, column, field.

use std::fmt;

use patchbay_types::config::ConfigError;
use serde::{Deserialize, Serialize};

use super::locate;

/// One wrong thing in the watched directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Relative to the directory, such as `tenants/acme.toml`.
    pub file: String,
    /// Beginning with 1; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// Beginning with 1.
    pub column: Option<usize>,
    /// Dotted path within the file, such as `mapper.component`.
    pub field: Option<String>,
    /// What is wrong, and where it helps, what to do next.
    pub message: String,
}

// === impl Finding ===

impl Finding {
    /// About a file as a whole.
    pub(super) fn file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, field: None, message: message.into() }
    }

    /// About a field of a TOML file; its line is looked up in `text`.
    pub(super) fn field(file: &str, text: &str, field: &str, message: impl Into<String>) -> Self {
        let at = locate::position(text, field);
        Self {
            file: file.to_owned(),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            field: Some(field.to_owned()),
            message: message.into(),
        }
    }

    /// A parser's error; whichever of line and field it lacks is looked up in `text`.
    pub(super) fn config(file: &str, text: &str, error: ConfigError) -> Self {
        match (error.line, error.field) {
            (None, Some(field)) => Self::field(file, text, &field, error.message),
            (line, field) => Self {
                file: file.to_owned(),
                line,
                column: error.column,
                field: field.or_else(|| locate::field(text, line?, error.column?)),
                message: error.message,
            },
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}:{}", self.column.unwrap_or(1))?;
        }
        if let Some(field) = &self.field {
            write!(f, ": `{field}`")?;
        }
        write!(f, ": {}", self.message)
    }
}
