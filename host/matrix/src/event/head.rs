//! An event's fields before anyone has looked at them, and what each must be.

use std::borrow::Cow;

use patchbay_types::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Event;
use crate::json::{self, Fault, MAX_EVENT};

/// Identifiers and types may be so long. The specification says 255; nobody is harmed by more, within reason.
pub(super) const MAX_IDENTIFIER: usize = 1024;
/// The latest time: 2^53 − 1, as for every integer in canonical JSON.
const LATEST: u64 = (1 << 53) - 1;

/// An event's fields before anyone has looked at them. `Option<Cow<str>>` would always be copied and would make one
/// wrong type lose all the others; raw values cost nothing and are looked at one by one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    room_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) sender: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) state_key: Option<&'a RawValue>,
    #[serde(borrow)]
    origin_server_ts: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    redacts: Option<&'a RawValue>,
    #[serde(borrow)]
    unsigned: Option<&'a RawValue>,
    #[serde(borrow)]
    prev_content: Option<&'a RawValue>,
    #[serde(borrow)]
    invite_room_state: Option<&'a RawValue>,
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
