//! One event, read as far as the host itself needs it: who, where, what kind, what it refers to. Borrowed from the
//! text that the homeserver sent; what a plugin needs beyond this it reads itself, inside its sandbox.

mod head;
mod relation;

use std::borrow::Cow;

use patchbay_types::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use self::head::Head;
pub use self::relation::{Relation, Stripped};
use crate::json::{self, Fault};

/// A room event that has everything an event must have. Every string is borrowed unless it was written with escapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// `$…`
    pub event_id: Cow<'a, str>,
    /// `!…`, with or without a server.
    pub room_id: Cow<'a, str>,
    /// `@localpart:server`
    pub sender: Cow<'a, str>,
    /// Such as `m.room.message`.
    pub kind: Cow<'a, str>,
    /// There for state events only.
    pub state_key: Option<Cow<'a, str>>,
    /// When the sender's homeserver says it was sent.
    pub origin_server_ts: Millis,
    /// A JSON object, as it came.
    pub content: &'a str,
    redacts: Option<Cow<'a, str>>,
    unsigned: Option<&'a str>,
    prev_content: Option<&'a str>,
    invite_room_state: Option<&'a str>,
}

// === impl Event ===

impl<'a> Event<'a> {
    /// Reads an event as it was stored.
    ///
    /// # Errors
    /// With the reason, when it is no JSON object, lacks a field, has a wrong or absurd one, or is too large or too
    /// deep.
    pub fn read(json: &'a str) -> Result<Self, Fault> {
        let head = Head::read(json)?;
        head.event(json)
    }

    /// What this event takes back, for a redaction.
    ///
    /// The top-level field wins: up to room version 10 it is the one that was authorised, and later homeservers copy
    /// it there from the content.
    #[must_use]
    pub fn redacts(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Content<'a> {
            #[serde(borrow)]
            redacts: Option<&'a RawValue>,
        }
        if self.kind != "m.room.redaction" {
            return None;
        }
        self.redacts
            .clone()
            .or_else(|| json::text(serde_json::from_str::<Content>(self.content).ok()?.redacts?))
    }

    /// What this event says of another; nothing where it says nothing, or nonsense.
    #[must_use]
    pub fn relation(&self) -> Option<Relation<'a>> {
        #[derive(Deserialize)]
        struct Content<'a> {
            #[serde(borrow, rename = "m.relates_to")]
            relates_to: Option<&'a RawValue>,
        }
        // Most messages relate to nothing; finding that out must not cost a parse.
        if !self.content.contains("relates_to") {
            return None;
        }
        Relation::read(serde_json::from_str::<Content>(self.content).ok()?.relates_to?)
    }

    /// The state event's content before this one, where the homeserver tells it.
    #[must_use]
    pub fn prev_content(&self) -> Option<&'a str> {
        #[derive(Deserialize)]
        struct Unsigned<'a> {
            #[serde(borrow)]
            prev_content: Option<&'a RawValue>,
        }
        let inner = self.unsigned.and_then(|raw| serde_json::from_str::<Unsigned>(raw).ok()?.prev_content);
        inner.and_then(json::object).or(self.prev_content)
    }

    /// The state that an invitation shows; what is malformed in it is left out.
    #[must_use]
    pub fn invite_room_state(&self) -> Vec<Stripped<'a>> {
        #[derive(Deserialize)]
        struct Unsigned<'a> {
            #[serde(borrow)]
            invite_room_state: Option<&'a RawValue>,
        }
        let inner =
            self.unsigned.and_then(|raw| serde_json::from_str::<Unsigned>(raw).ok()?.invite_room_state);
        let Some(list) = inner.map(RawValue::get).or(self.invite_room_state) else { return Vec::new() };
        let list: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
        list.into_iter().filter_map(Stripped::read).collect()
    }
}

#[cfg(test)]
mod tests;
