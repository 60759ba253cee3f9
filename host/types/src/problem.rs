//! What the host's own API answers when something is wrong.

use serde::{Deserialize, Serialize};

/// One wrong thing, as told to whoever asked: a status, a code from a closed list, a sentence. The cause goes to the
/// log, never here. (Matrix endpoints answer `{errcode, error}` instead.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs, such as `not-found`.
    pub code: String,
    /// A sentence for people: what, where, and what to do next.
    pub detail: String,
}

// === impl Problem ===

impl Problem {
    /// A problem with this status, code and sentence.
    #[must_use]
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), detail: detail.into() }
    }

    /// 404: `detail` says what was looked for.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", detail)
    }

    /// 400: `detail` names the field.
    #[must_use]
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(400, "invalid", detail)
    }

    /// 500: the cause is in the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(500, "internal", "something went wrong; the host's log says what")
    }
}
