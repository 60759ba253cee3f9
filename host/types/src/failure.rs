//! Who is told when something does not arrive, after how long, in which words.

use serde::{Deserialize, Serialize};

use crate::units::Span;

/// `[failure]` of a tenant's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FailureConfig {
    /// So long after a customer's message came and has not reached the CRM, the bot says so in the room, once for each
    /// outage and conversation. Zero: never.
    pub notice_after: Span,
    /// What it says. Empty: nothing.
    pub notice: String,
    /// What it says when the message has arrived after all. Empty: nothing.
    pub arrived: String,
    /// So long after an agent's message came and has not reached the room, its ticket gets an internal note; at once where
    /// the message is set aside. Zero: never.
    pub note_after: Span,
}

impl Default for FailureConfig {
    fn default() -> Self {
        Self {
            notice_after: Span::millis(600_000),
            notice: "Your message has not reached our team yet. We are looking after it; there is no need to send it \
                     again."
                .to_owned(),
            arrived: String::new(),
            note_after: Span::millis(600_000),
        }
    }
}
