//! The body of `PUT /_matrix/app/v1/transactions/{txnId}`, read as hostile bytes. There is no way to refuse a
//! transaction: what cannot be handled is named with a reason and set aside, and never harms its neighbours.

use std::borrow::Cow;

use patchbay_types::{Digest, RegistrationId};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{event::Head, json::Fault};

/// Entries of one list of a transaction. Synapse sends at most 100.
pub const MAX_ENTRIES: usize = 10_000;

/// A body as text, with what is no UTF-8 replaced, so that one broken event does not take the others with it.
#[derive(Debug)]
pub struct Body<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
}

/// What a homeserver pushed at once. Everything is borrowed from the [`Body`].
#[derive(Debug, Default)]
pub struct Transaction<'a> {
    /// Room events, in the order in which the homeserver tells them.
    pub events: Vec<Incoming<'a>>,
    /// Typing, receipts and presence: JSON, not looked at.
    pub ephemeral: Vec<&'a str>,
    /// Messages to devices: JSON, not looked at.
    pub to_device: Vec<&'a str>,
}

/// One event that was pushed, whatever it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// By this a repeated event is recognised: its event ID; where it has none, `h:` and a digest of where it stood
    /// and what it said.
    pub key: Cow<'a, str>,
    /// The room, where one can be read: its lane.
    pub room_id: Option<Cow<'a, str>>,
    /// Why it is set aside; none for an event that [`crate::Event::read`] reads.
    pub fault: Option<Fault>,
    /// The event as it came.
    pub raw: &'a str,
}

/// Why a body is no transaction. It does not show what the body says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The JSON is wrong, or cut off.
    #[error("it is no JSON: wrong at line {line}, column {column}")]
    Syntax {
        /// Beginning with 1.
        line: usize,
        /// Beginning with 1.
        column: usize,
    },
    /// JSON, but `events` is missing, there twice, or no list of at most [`MAX_ENTRIES`].
    #[error("it is no transaction: `events` must be there once, as a list of at most {MAX_ENTRIES} entries")]
    NoTransaction,
}

/// A list that stops being read when it is too long, rather than after.
#[derive(Debug, Default)]
struct Entries<'a>(Vec<&'a RawValue>);

#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    events: Entries<'a>,
    // Best effort, so kept apart: a wrong one must not cost the events.
    #[serde(borrow)]
    ephemeral: Option<&'a RawValue>,
    #[serde(borrow, rename = "de.sorunome.msc2409.ephemeral")]
    ephemeral_unstable: Option<&'a RawValue>,
    #[serde(borrow)]
    to_device: Option<&'a RawValue>,
    #[serde(borrow, rename = "de.sorunome.msc2409.to_device")]
    to_device_unstable: Option<&'a RawValue>,
}

// === impl Body ===

impl<'a> Body<'a> {
    /// Takes the bytes as they came.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(repaired(bytes)),
        };
        Self { bytes, text }
    }

    /// Reads the transaction `txn_id` of this registration.
    ///
    /// # Errors
    /// When the body is no JSON, or no transaction. A single event that is wrong is no error: it has a fault.
    pub fn read(&self, registration: &RegistrationId, txn_id: &str) -> Result<Transaction<'_>, Unreadable> {
        if !self.text.trim_start().starts_with('{') {
            // A derived struct can be read from a list as well.
            serde_json::from_str::<&RawValue>(&self.text).map_err(Unreadable::from)?;
            return Err(Unreadable::NoTransaction);
        }
        let fields: Fields<'_> = serde_json::from_str(&self.text)?;
        let events = fields.events.0.into_iter().enumerate();
        Ok(Transaction {
            events: events
                .map(|(index, raw)| self.incoming(registration, txn_id, index, raw.get()))
                .collect(),
            ephemeral: entries(fields.ephemeral.or(fields.ephemeral_unstable)),
            to_device: entries(fields.to_device.or(fields.to_device_unstable)),
        })
    }

    fn incoming<'b>(
        &self,
        registration: &RegistrationId,
        txn_id: &str,
        index: usize,
        raw: &'b str,
    ) -> Incoming<'b> {
        let (head, mut fault) = match Head::read(raw) {
            Ok(head) => {
                let fault = head.event(raw).err();
                (head, fault)
            }
            Err(fault) => (Head::default(), Some(fault)),
        };
        let mut key = head.event_id().ok();
        if self.was_repaired(raw) {
            // Its event ID may be among what was replaced.
            (key, fault) = (None, Some(Fault::NotUtf8));
        }
        let place = || hashed(registration, txn_id, index, raw);
        Incoming { key: key.unwrap_or_else(place), room_id: head.room_id().ok(), fault, raw }
    }

    /// `part` is a slice of our text, and the repair kept every byte's place.
    fn was_repaired(&self, part: &str) -> bool {
        let Cow::Owned(text) = &self.text else { return false };
        let from = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let original = self.bytes.get(from..from.saturating_add(part.len()));
        original.is_none_or(|bytes| std::str::from_utf8(bytes).is_err())
    }
}

/// The same text with `?` for each byte that is no UTF-8.
fn repaired(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

fn entries(raw: Option<&RawValue>) -> Vec<&str> {
    let list: Entries<'_> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    list.0.into_iter().map(RawValue::get).collect()
}

fn hashed(registration: &RegistrationId, txn_id: &str, index: usize, raw: &str) -> Cow<'static, str> {
    let index = (index as u64).to_le_bytes();
    let parts = [registration.as_str().as_bytes(), txn_id.as_bytes(), &index, raw.as_bytes()];
    Cow::Owned(format!("h:{}", Digest::of_parts(parts)))
}

// === impl Unreadable ===

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Data => Self::NoTransaction,
            _ => Self::Syntax { line: error.line(), column: error.column() },
        }
    }
}

// === impl Entries ===

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a list of at most {MAX_ENTRIES} entries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(128);
                while let Some(entry) = list.next_element()? {
                    if entries.len() == MAX_ENTRIES {
                        return Err(serde::de::Error::invalid_length(MAX_ENTRIES + 1, &self));
                    }
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_seq(List).map(Self)
    }
}

#[cfg(test)]
mod tests;
