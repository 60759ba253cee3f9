//! What an event says of others: relations, and the state that an invitation shows. All of it is its sender's claim.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::head::{Head, MAX_IDENTIFIER};
use crate::json;

/// What a message says of another: `m.relates_to`. Every part is the sender's claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation<'a> {
    /// `m.replace`, `m.annotation`, `m.thread`, …
    pub rel_type: Option<Cow<'a, str>>,
    /// What `rel_type` points to.
    pub event_id: Option<Cow<'a, str>>,
    /// A reaction's key.
    pub key: Option<Cow<'a, str>>,
    /// The event answered.
    pub in_reply_to: Option<Cow<'a, str>>,
    /// In a thread: the answer is there only for clients that know no threads.
    pub is_falling_back: bool,
}

/// State of a room that its invitation shows to whoever is not in it yet. The inviting server's claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped<'a> {
    /// Such as `m.room.name`.
    pub kind: Cow<'a, str>,
    /// Empty for what a room has once.
    pub state_key: Cow<'a, str>,
    /// Who set it.
    pub sender: Option<Cow<'a, str>>,
    /// A JSON object.
    pub content: &'a str,
}

// === impl Relation ===

impl<'a> Relation<'a> {
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow)]
            rel_type: Option<&'a RawValue>,
            #[serde(borrow)]
            event_id: Option<&'a RawValue>,
            #[serde(borrow)]
            key: Option<&'a RawValue>,
            #[serde(borrow, rename = "m.in_reply_to")]
            in_reply_to: Option<&'a RawValue>,
            #[serde(borrow)]
            is_falling_back: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Target<'a> {
            #[serde(borrow)]
            event_id: Option<&'a RawValue>,
        }
        let fields: Fields<'a> = serde_json::from_str(json::object(raw)?).ok()?;
        let target =
            |raw: &'a RawValue| serde_json::from_str::<Target<'a>>(json::object(raw)?).ok()?.event_id;
        let short = |raw: &'a RawValue| json::text(raw).filter(|text| text.len() <= MAX_IDENTIFIER);
        Some(Self {
            rel_type: fields.rel_type.and_then(short),
            event_id: fields.event_id.and_then(short),
            key: fields.key.and_then(short),
            in_reply_to: fields.in_reply_to.and_then(target).and_then(short),
            is_falling_back: fields.is_falling_back.is_some_and(|raw| raw.get() == "true"),
        })
    }
}

// === impl Stripped ===

impl<'a> Stripped<'a> {
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        let head: Head<'a> = serde_json::from_str(json::object(raw)?).ok()?;
        Some(Self {
            kind: json::text(head.kind?)?,
            state_key: json::text(head.state_key?)?,
            sender: head.sender.and_then(json::text),
            content: json::object(head.content?)?,
        })
    }
}
