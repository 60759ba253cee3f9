//! One event, read as far as the host itself needs it: who, where, what kind, what it refers to. Borrowed from the
//! text that the homeserver sent; what a plugin needs beyond this it reads itself, inside its sandbox.

use std::borrow::Cow;

use patchbay_types::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Fault, MAX_EVENT};

/// Identifiers and types may be so long. The specification says 255; nobody is harmed by more, within reason.
const MAX_IDENTIFIER: usize = 1024;
const LATEST: u64 = (1 << 53) - 1;

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

/// An event's fields before anyone has looked at them. `Option<Cow<str>>` would always be copied and would make one
/// wrong type lose all the others; raw values cost nothing and are looked at one by one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    room_id: Option<&'a RawValue>,
    #[serde(borrow)]
    sender: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    state_key: Option<&'a RawValue>,
    #[serde(borrow)]
    origin_server_ts: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    redacts: Option<&'a RawValue>,
    #[serde(borrow)]
    unsigned: Option<&'a RawValue>,
    #[serde(borrow)]
    prev_content: Option<&'a RawValue>,
    #[serde(borrow)]
    invite_room_state: Option<&'a RawValue>,
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

// === impl Relation ===

impl<'a> Relation<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
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
    fn read(raw: &'a RawValue) -> Option<Self> {
        let head: Head<'a> = serde_json::from_str(json::object(raw)?).ok()?;
        Some(Self {
            kind: json::text(head.kind?)?,
            state_key: json::text(head.state_key?)?,
            sender: head.sender.and_then(json::text),
            content: json::object(head.content?)?,
        })
    }
}

// === impl Head ===

impl<'a> Head<'a> {
    pub(crate) fn read(json: &'a str) -> Result<Self, Fault> {
        // A derived struct can be read from a list as well: that must not make one an event.
        if !json.trim_start().starts_with('{') {
            return Err(Fault::NotAnObject);
        }
        serde_json::from_str(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Fault::Twice,
            _ => Fault::NotAnObject,
        })
    }

    pub(crate) fn event_id(&self) -> Result<Cow<'a, str>, Fault> {
        identifier("event_id", self.event_id, '$', "event ID")
    }

    pub(crate) fn room_id(&self) -> Result<Cow<'a, str>, Fault> {
        identifier("room_id", self.room_id, '!', "room ID")
    }

    /// The event, when nothing is wrong with it; `json` is the text that this head was read from.
    pub(crate) fn event(&self, json: &'a str) -> Result<Event<'a>, Fault> {
        if json.len() > MAX_EVENT {
            return Err(Fault::TooLarge(json.len()));
        }
        json::check(json)?;
        let optional = |field, raw: Option<&'a RawValue>| match raw {
            Some(raw) => json::text(raw).map(Some).ok_or(Fault::Wrong { field, wanted: "string" }),
            None => Ok(None),
        };
        let content = self.content.ok_or(Fault::Missing("content"))?;
        Ok(Event {
            event_id: self.event_id()?,
            room_id: self.room_id()?,
            sender: identifier("sender", self.sender, '@', "user ID")?,
            kind: kind(self.kind)?,
            state_key: optional("state_key", self.state_key)?,
            origin_server_ts: timestamp(self.origin_server_ts)?,
            content: json::object(content).ok_or(Fault::Wrong { field: "content", wanted: "object" })?,
            redacts: optional("redacts", self.redacts)?,
            unsigned: self.unsigned.and_then(json::object),
            prev_content: self.prev_content.and_then(json::object),
            invite_room_state: self.invite_room_state.map(RawValue::get),
        })
    }
}

fn identifier<'a>(
    field: &'static str,
    raw: Option<&'a RawValue>,
    sigil: char,
    wanted: &'static str,
) -> Result<Cow<'a, str>, Fault> {
    let plain = |text: &Cow<'a, str>| {
        text.starts_with(sigil)
            && (2..=MAX_IDENTIFIER).contains(&text.len())
            && !text.chars().any(char::is_control)
            && (sigil != '@' || text.contains(':'))
    };
    let text = json::text(raw.ok_or(Fault::Missing(field))?);
    text.filter(plain).ok_or(Fault::Wrong { field, wanted })
}

fn kind(raw: Option<&RawValue>) -> Result<Cow<'_, str>, Fault> {
    let plain = |text: &Cow<'_, str>| {
        (1..=MAX_IDENTIFIER).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let text = json::text(raw.ok_or(Fault::Missing("type"))?);
    text.filter(plain).ok_or(Fault::Wrong { field: "type", wanted: "event type" })
}

/// Digits only: a float, a negative number or one beyond 2^53 is no time that any homeserver could mean.
fn timestamp(raw: Option<&RawValue>) -> Result<Millis, Fault> {
    let raw = raw.ok_or(Fault::Missing("origin_server_ts"))?;
    let millis = raw.get().parse().ok().filter(|&millis: &u64| millis <= LATEST);
    millis.ok_or(Fault::Wrong { field: "origin_server_ts", wanted: "time in milliseconds" })
}

#[cfg(test)]
mod tests;
