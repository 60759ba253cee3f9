//! What a receiver may answer with its 2xx. Everything may be left out: identifiers are then ours.

use patchbay_sdk::prelude::{JsonSchema, schemars};
use serde::Deserialize;

/// The body of a 2xx. What is no JSON object counts as an empty one.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[schemars(title = "Reply")]
pub struct Reply {
    /// What you call the person, ticket, message or file; later envelopes then do too.
    #[serde(default)]
    pub id: Option<String>,
    /// Where an agent opens the ticket.
    #[serde(default)]
    pub url: Option<String>,
    /// What you call each part of a message, the text first, where you made several things of it.
    #[serde(default)]
    pub parts: Option<Vec<String>>,
    /// Yours, in answer to `ping`.
    #[serde(default)]
    pub version: Option<String>,
}

// === impl Reply ===

impl Reply {
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
