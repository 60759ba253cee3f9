//! `m.relates_to`: what an event answers, replaces or belongs to.

use serde::Deserialize;

use crate::lenient::lenient;

/// The relation, as far as it is well formed.
#[derive(Default, Deserialize)]
pub(super) struct Relation {
    #[serde(default, deserialize_with = "lenient")]
    rel_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    event_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    key: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    is_falling_back: Option<bool>,
    #[serde(default, rename = "m.in_reply_to", deserialize_with = "lenient")]
    in_reply_to: Option<InReplyTo>,
}

#[derive(Default, Deserialize)]
struct InReplyTo {
    #[serde(default, deserialize_with = "lenient")]
    event_id: Option<String>,
}

// === impl Relation ===

impl Relation {
    /// The thread's root.
    pub(super) fn thread(&self) -> Option<&str> {
        self.of_type("m.thread")
    }

    /// The message answered. In a thread there is one for clients that know no threads; that one means nothing.
    pub(super) fn reply(&self) -> Option<&str> {
        if self.thread().is_some() && self.is_falling_back == Some(true) {
            return None;
        }
        self.in_reply_to.as_ref()?.event_id.as_deref().filter(|id| is_event_id(id))
    }

    /// Whether old clients may be shown a quote in front of it.
    pub(super) fn quotes(&self) -> bool {
        self.in_reply_to.is_some()
    }

    /// The message that this one edits.
    pub(super) fn replaces(&self) -> Option<&str> {
        self.of_type("m.replace")
    }

    /// The message that this is a reaction to, and which.
    pub(super) fn annotates(&self) -> Option<(&str, &str)> {
        let key = self.key.as_deref().filter(|key| !key.is_empty())?;
        Some((self.of_type("m.annotation")?, key))
    }

    fn of_type(&self, wanted: &str) -> Option<&str> {
        let is_it = self.rel_type.as_deref() == Some(wanted);
        self.event_id.as_deref().filter(|id| is_it && is_event_id(id))
    }
}

pub(super) fn is_event_id(id: &str) -> bool {
    id.len() > 1 && id.len() <= 255 && id.starts_with('$')
}
