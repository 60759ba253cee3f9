//! Transaction IDs that are the same each time the same thing is sent, so that a homeserver sends it on once.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use patchbay_types::{Digest, UserId};

/// A transaction ID: 43 characters that are safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TxnId(String);

// === impl TxnId ===

impl TxnId {
    /// The transaction ID of what `ghost` sends for the reason that `parts` name: same ghost and parts, same ID.
    ///
    /// The ghost is part of it because Synapse remembers the IDs of a whole application service together: the same one
    /// from another ghost in the same room answers with the first ghost's event, and sends nothing.
    #[must_use]
    pub fn new<'a>(ghost: &'a UserId, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = std::iter::once(ghost.as_str()).chain(parts).map(str::as_bytes);
        Self(URL_SAFE_NO_PAD.encode(Digest::of_parts(parts).as_bytes()))
    }

    /// The ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reason_has_the_same_id_and_another_ghost_another() {
        let (one, two) = (UserId::from("@a:b"), UserId::from("@c:b"));
        let id = TxnId::new(&one, ["entry", "7"]);
        assert_eq!(id, TxnId::new(&one, ["entry", "7"]));
        assert_ne!(id, TxnId::new(&two, ["entry", "7"]));
        assert_ne!(id, TxnId::new(&one, ["entry7", ""]));
        assert_eq!(id.as_str().len(), 43);
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    }
}
