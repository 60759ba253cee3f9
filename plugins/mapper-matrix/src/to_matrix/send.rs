//! A message of the CRM as events: its words first, then each file.

use patchbay_sdk::prelude::*;
use serde_json::Value;

use super::content::{self, Words};

/// What is done for a message.
pub(super) fn said(message: Message) -> Vec<Action> {
    let Message { author, content, reply_to, thread, .. } = message;
    let machine = matches!(author.party, Party::Bot | Party::System);
    let voice = Voice { speaker: speaker(author), machine, relation: content::relation(&reply_to, &thread) };
    match content {
        Content::Post(post) => voice.post(post),
        Content::Edit(Edit { target, post }) => voice.edit(&target, post),
        Content::Location(location) => {
            vec![voice.send("m.room.message", content::place(&location), Vec::new())]
        }
        Content::Reaction(Reaction { removed: Some(events), .. }) | Content::Removal(events) => {
            voice.redact(events)
        }
        Content::Reaction(Reaction { target, key, removed: None }) => {
            let react = |id: &String| voice.bare("m.reaction", content::reaction(id, &key));
            target.first().map(react).into_iter().collect()
        }
        Content::Other(Other { plain: Some(plain), .. }) => {
            voice.post(Post { text: Some(Text { plain, html: None }), files: Vec::new() })
        }
        // Who came and went in the CRM, and what it cannot read itself, is nothing to say in the room.
        Content::Membership(_) | Content::Unreadable(_) | Content::Other(_) => Vec::new(),
    }
}

/// Said by the bot, of something that happened.
pub(super) fn notice(plain: &str, answers: &[String]) -> Action {
    let relation = content::relation(answers, &[]);
    let voice = Voice { speaker: None, machine: true, relation };
    let text = Text { plain: plain.to_owned(), html: None };
    voice.send("m.room.message", content::words(&Words { text: &text, notice: true }), Vec::new())
}

/// Machines speak through the tenant's bot, people as themselves.
pub(super) fn speaker(person: Person) -> Option<Person> {
    (!matches!(person.party, Party::Bot | Party::System)).then_some(person)
}

/// Who speaks, and what they answer.
struct Voice {
    speaker: Option<Person>,
    machine: bool,
    relation: Option<Value>,
}

// === impl Voice ===

impl Voice {
    fn post(&self, post: Post) -> Vec<Action> {
        let text = post.text.filter(|text| !text.plain.is_empty());
        let words = text.map(|text| {
            let words = content::words(&Words { text: &text, notice: self.machine });
            self.send("m.room.message", words, Vec::new())
        });
        words.into_iter().chain(post.files.into_iter().map(|file| self.file(file))).collect()
    }

    fn file(&self, attachment: Attachment) -> Action {
        let event_type = if attachment.kind == MediaKind::Sticker { "m.sticker" } else { "m.room.message" };
        let content = content::file(&attachment);
        self.send(event_type, content, vec![Placed { at: "/url".to_owned(), attachment }])
    }

    /// The words are the first part. Files cannot be edited in: they are said anew, and so are words for which there
    /// is nothing to edit.
    fn edit(&self, target: &[String], post: Post) -> Vec<Action> {
        match (target.first(), post.text) {
            (Some(target), Some(text)) => {
                let words = Words { text: &text, notice: self.machine };
                vec![self.bare("m.room.message", content::edit(target, &words))]
            }
            (_, text) => self.post(Post { text, files: post.files }),
        }
    }

    fn redact(&self, events: Vec<String>) -> Vec<Action> {
        let redact =
            |event_id| Action::Redact(Redact { author: self.speaker.clone(), event_id, reason: None });
        events.into_iter().map(redact).collect()
    }

    fn send(&self, event_type: &str, mut content: Value, attachments: Vec<Placed>) -> Action {
        if let (Some(relation), Some(object)) = (&self.relation, content.as_object_mut()) {
            object.insert("m.relates_to".to_owned(), relation.clone());
        }
        self.action(event_type, &content, attachments)
    }

    /// What brings its own relation.
    fn bare(&self, event_type: &str, content: Value) -> Action {
        self.action(event_type, &content, Vec::new())
    }

    fn action(&self, event_type: &str, content: &Value, attachments: Vec<Placed>) -> Action {
        let (author, event_type) = (self.speaker.clone(), event_type.to_owned());
        Action::Send(Send { author, event_type, content: content.to_string(), attachments })
    }
}
