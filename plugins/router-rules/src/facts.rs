//! The variables of a condition. What is absent is empty text, so no condition has to ask whether it is there; nothing
//! is worked out before a condition asks for it.
//!
//! | variable | is |
//! |---|---|
//! | `content.kind` | `post`, `location`, `membership`, `unreadable`, `other`, `reaction`, `edit`, `removal` |
//! | `content.text`, `content.lower`, `content.html` | the words, as written, in lower case, and as HTML |
//! | `content.other` | the kind of an `other`, such as `m.call.hangup` |
//! | `content.media` | a list of `image`, `audio`, `voice`, `video`, `file`, `sticker` |
//! | `content.presence` | `joined`, `left`, `invited`, `banned` |
//! | `sender.id`, `.name`, `.phone`, `.email`, `.network`, `.locale` | text |
//! | `sender.party` | `customer`, `agent`, `bot`, `system` |
//! | `sender.identifiers` | a list of URIs |
//! | `room.id`, `.name`, `.network`, `.entity` | text |
//! | `room.audience` | `customer`, `staff` |
//! | `room.encrypted`, `room.members`, `room.features` | true or false, a number, a list of text |
//! | `conversation.id`, `.labels`, `.count` | text, a list of text, messages so far |
//! | `conversation.tickets` | a list of open tickets: `adapter`, `id`, `status`, `queue`, `assignee`, `opened`, `active` |
//! | `hours.open`, `hours.holiday` | true or false |
//! | `hours.weekday`, `hours.date` | `mon` to `sun`, `2026-12-24` |
//! | `hours.hour`, `hours.minute` | numbers |
//! | `now` | milliseconds since the Unix epoch, as are a ticket's `opened` and `active` |
//! | `origin` | the adapter that brought it; empty: it was written in Matrix |
//! | `reply`, `thread` | whether it answers a message, or stands in a thread |
//! | `patterns.<name>` | whether that pattern is found |

mod names;
mod sample;
mod values;

use std::sync::OnceLock;

use cel::{common::value::CowVal, context::VariableResolver};
use patchbay_sdk::prelude::*;

pub(crate) use self::sample::sample;
use self::values::media;
use crate::{
    hours::{Hours, Local},
    patterns::Patterns,
};

/// All that can be known of one message.
#[derive(Debug)]
pub struct Facts<'a> {
    pub(crate) message: &'a Message,
    pub(crate) conversation: &'a Conversation,
    now: Timestamp,
    hours: &'a Hours,
    patterns: &'a Patterns,
    lower: OnceLock<String>,
    local: OnceLock<Local>,
}

/// One variable's value.
pub(crate) enum Fact<'a> {
    Text(&'a str),
    Flag(bool),
    Number(i64),
    Texts(Vec<&'a str>),
    Tickets(&'a [OpenTicket]),
}

/// All variables but the patterns.
pub(crate) const VARIABLES: [&str; 37] = [
    "content.kind",
    "content.text",
    "content.lower",
    "content.html",
    "content.other",
    "content.media",
    "content.presence",
    "sender.id",
    "sender.name",
    "sender.phone",
    "sender.email",
    "sender.network",
    "sender.locale",
    "sender.party",
    "sender.identifiers",
    "room.id",
    "room.name",
    "room.network",
    "room.entity",
    "room.audience",
    "room.encrypted",
    "room.members",
    "room.features",
    "conversation.id",
    "conversation.labels",
    "conversation.count",
    "conversation.tickets",
    "hours.open",
    "hours.holiday",
    "hours.weekday",
    "hours.date",
    "hours.hour",
    "hours.minute",
    "now",
    "origin",
    "reply",
    "thread",
];

// === impl Facts ===

impl<'a> Facts<'a> {
    pub(crate) fn new(
        message: &'a Message,
        conversation: &'a Conversation,
        now: Timestamp,
        hours: &'a Hours,
        patterns: &'a Patterns,
    ) -> Self {
        let (lower, local) = (OnceLock::new(), OnceLock::new());
        Self { message, conversation, now, hours, patterns, lower, local }
    }

    /// The variable's value; nothing, where there is no such variable.
    pub(crate) fn fact(&self, name: &str) -> Option<Fact<'_>> {
        let (message, room) = (self.message, &self.conversation.room);
        let sender = &message.author;
        let optional = |text: &'a Option<String>| Fact::Text(text.as_deref().unwrap_or_default());
        Some(match name {
            "content.kind" => Fact::Text(names::kind(&message.content)),
            "content.text" => Fact::Text(self.text()),
            "content.lower" => Fact::Text(self.lower.get_or_init(|| self.text().to_lowercase())),
            "content.html" => optional(&values::text(&message.content)?.html),
            "content.other" => Fact::Text(values::other(&message.content)),
            "content.media" => Fact::Texts(media(&message.content)),
            "content.presence" => Fact::Text(names::presence(&message.content)),
            "sender.id" => Fact::Text(&sender.id),
            "sender.name" => optional(&sender.display_name),
            "sender.phone" => optional(&sender.phone),
            "sender.email" => optional(&sender.email),
            "sender.network" => optional(&sender.network),
            "sender.locale" => optional(&sender.locale),
            "sender.party" => Fact::Text(names::party(sender.party)),
            "sender.identifiers" => Fact::Texts(sender.identifiers.iter().map(String::as_str).collect()),
            "room.id" => Fact::Text(&room.room_id),
            "room.name" => optional(&room.name),
            "room.network" => optional(&room.network),
            "room.entity" => optional(&room.entity),
            "room.audience" => Fact::Text(names::audience(room.audience)),
            "room.encrypted" => Fact::Flag(room.encrypted),
            "room.members" => Fact::Number(room.member_count.into()),
            "room.features" => Fact::Texts(room.features.iter().map(String::as_str).collect()),
            "conversation.id" => Fact::Text(&self.conversation.id),
            "conversation.labels" => {
                Fact::Texts(self.conversation.labels.iter().map(String::as_str).collect())
            }
            "conversation.count" => Fact::Number(self.conversation.message_count.into()),
            "conversation.tickets" => Fact::Tickets(&self.conversation.open_tickets),
            "hours.open" => Fact::Flag(self.local().open),
            "hours.holiday" => Fact::Flag(self.local().holiday),
            "hours.weekday" => Fact::Text(self.local().weekday),
            "hours.date" => Fact::Text(&self.local().date),
            "hours.hour" => Fact::Number(self.local().hour.into()),
            "hours.minute" => Fact::Number(self.local().minute.into()),
            "now" => Fact::Number(i64::try_from(self.now).unwrap_or(i64::MAX)),
            "origin" => optional(&message.origin),
            "reply" => Fact::Flag(!message.reply_to.is_empty()),
            "thread" => Fact::Flag(!message.thread.is_empty()),
            _ => Fact::Flag(self.patterns.found(name.strip_prefix("patterns.")?, self)?),
        })
    }

    /// The words of whatever it is; a fallback counts as words.
    fn text(&self) -> &'a str {
        values::plain(&self.message.content)
    }

    fn local(&self) -> &Local {
        self.local.get_or_init(|| self.hours.at(self.now))
    }
}

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.fact(variable).map(values::value)
    }
}
