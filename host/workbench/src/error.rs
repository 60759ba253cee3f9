//! What goes wrong on a workbench, in sentences that say what to do next.

use std::path::{Path, PathBuf};

use patchbay_package::ComponentizeError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkbenchError {
    /// A file or directory cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file does not say what it should.
    #[error("{path}: {why}", path = .path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where in it.
        why: String,
    },
    /// A project's module is no plugin.
    #[error("{path}: {source}", path = .path.display())]
    Componentize {
        /// The project.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<ComponentizeError>,
    },
    /// A program that is needed did not do its work.
    #[error("{0}")]
    Tool(String),
    /// What was asked for makes no sense as it is.
    #[error("{0}")]
    Refused(String),
}

// === impl WorkbenchError ===

impl WorkbenchError {
    /// What to hand to `map_err` where `path` is read or written.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn content(path: &Path, why: impl ToString) -> Self {
        Self::Content { path: path.to_owned(), why: why.to_string() }
    }
}
