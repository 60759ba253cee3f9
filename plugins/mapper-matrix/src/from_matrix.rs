//! One Matrix event as a message: each kind of event has a file that says what it means.

mod call;
mod location;
mod media;
mod member;
mod message;
mod poll;
mod reaction;
mod redaction;
mod relation;

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use self::relation::Relation;
use crate::lenient::{content, lenient};

/// An event, and who is in its room.
pub(crate) struct Source<'a> {
    pub(crate) event: Event,
    pub(crate) people: &'a [Person],
}

/// What an event says, besides who said it and when.
struct Meaning {
    content: Content,
    reply_to: Vec<String>,
    thread: Vec<String>,
    attributes: Vec<Attribute>,
}

/// What any event may carry in its content.
#[derive(Default, Deserialize)]
struct Common {
    #[serde(default, rename = "m.relates_to", deserialize_with = "lenient")]
    relates_to: Option<Relation>,
    #[serde(default, deserialize_with = "lenient")]
    body: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    algorithm: Option<String>,
}

// === impl Source ===

impl Source<'_> {
    /// The message, or why there is none.
    pub(crate) fn map(mut self, threads: bool) -> Result<Said, String> {
        let meaning = self.meaning()?;
        let conversation = if threads { self.thread(&meaning) } else { None };
        let Event { event_id, sender, origin_server_ts, .. } = self.event;
        let message = Message {
            id: event_id,
            origin: None,
            author: sender,
            sent_at: origin_server_ts,
            content: meaning.content,
            reply_to: meaning.reply_to,
            thread: meaning.thread,
            attributes: meaning.attributes,
        };
        Ok(Said { conversation, message })
    }

    fn meaning(&mut self) -> Result<Meaning, String> {
        let event = &self.event;
        if event.encryption == Encryption::Undecryptable || event.event_type == "m.room.encrypted" {
            return self.unreadable();
        }
        match event.event_type.as_str() {
            "m.room.message" => message::meaning(event),
            "m.sticker" => message::sticker(event),
            "m.reaction" => reaction::meaning(event),
            "m.room.redaction" => redaction::meaning(event),
            "m.room.member" => member::meaning(event, self.people),
            kind if event.state_key.is_some() => Err(format!("{kind} is the room's state, and says nothing")),
            kind if poll::is_start(kind) => self.related_to(poll::start(event)),
            kind if poll::is_vote(kind) => Err("a vote in a poll".to_owned()),
            kind if location::is_beacon(kind) => location::beacon(event).map(Meaning::new),
            kind if call::is_call(kind) => call::meaning(event).map(Meaning::new),
            kind if kind.starts_with("m.key.") => Err(format!("{kind} is between devices")),
            _ => self.unknown(),
        }
    }

    /// The relations of an encrypted event are in the clear.
    fn unreadable(&self) -> Result<Meaning, String> {
        let common: Common = content(&self.event.content);
        let why = match common.algorithm.filter(|name| name.len() <= 64) {
            Some(name) => format!("encrypted with {name}, and there is no key for it"),
            None if self.event.content.trim() == "{}" => return Err("it was redacted".to_owned()),
            None => "encrypted, and there is no key for it".to_owned(),
        };
        self.related_to(Content::Unreadable(why))
    }

    /// An event of somebody's own type: shown by its fallback, for whoever does not know it.
    fn unknown(&self) -> Result<Meaning, String> {
        let common: Common = content(&self.event.content);
        self.related_to(Content::Other(other(&self.event, common.body)))
    }

    fn related_to(&self, meant: Content) -> Result<Meaning, String> {
        let common: Common = content(&self.event.content);
        Ok(Meaning::new(meant).related(common.relates_to.as_ref()))
    }

    /// What is said in a thread belongs to that thread's conversation, and so does what refers to it.
    fn thread(&self, meaning: &Meaning) -> Option<String> {
        let of_target = || {
            let common: Common = content(&self.event.related.as_ref()?.content);
            common.relates_to?.thread().map(str::to_owned)
        };
        meaning.thread.first().cloned().or_else(of_target)
    }
}

// === impl Meaning ===

impl Meaning {
    fn new(content: Content) -> Self {
        Self { content, reply_to: Vec::new(), thread: Vec::new(), attributes: Vec::new() }
    }

    fn related(mut self, relation: Option<&Relation>) -> Self {
        if let Some(relation) = relation {
            self.reply_to = relation.reply().map(str::to_owned).into_iter().collect();
            self.thread = relation.thread().map(str::to_owned).into_iter().collect();
        }
        self
    }

    fn with(mut self, key: &str, value: Option<String>) -> Self {
        self.attributes.extend(value.map(|value| Attribute { key: key.to_owned(), value }));
        self
    }
}

/// What this contract does not model, with the event's own type as its kind.
fn other(event: &Event, plain: Option<String>) -> Other {
    let plain = plain.filter(|plain| !plain.trim().is_empty());
    Other { kind: event.event_type.clone(), plain, data: event.content.clone() }
}
