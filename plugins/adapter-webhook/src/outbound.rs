//! Messages as envelopes.

use patchbay_sdk::prelude::*;

use crate::{
    envelope::{
        self, Event, File, FileUpload, MessageAppend, MessageEdit, MessageReact, MessageRemove, Words,
    },
    post::Poster,
};

/// One ticket, and the way to it.
pub(crate) struct Ticketed<'a> {
    pub(crate) poster: Poster<'a>,
    pub(crate) ticket: &'a str,
}

// === impl Ticketed ===

impl Ticketed<'_> {
    /// Posts what an item says: its files first, each as an effect of its own, then the message that names them. What
    /// says nothing is nothing.
    pub(crate) fn write(&self, item: Item) -> Result<Written, Failure> {
        let Item { key, message, internal } = item;
        let author = (&message.author).into();
        let ticket = self.ticket.to_owned();
        let new = |message: &Message| MessageAppend {
            ticket: self.ticket.to_owned(),
            author: (&message.author).into(),
            sent_at: message.sent_at,
            internal,
            text: Words::default(),
            files: Vec::new(),
            location: None,
            remark: None,
            reply_to: message.reply_to.clone(),
        };
        let remark = |remark: String| MessageAppend { remark: Some(remark), ..new(&message) };
        let said = match &message.content {
            Content::Post(post) => {
                let files = self.files(&key, &post.files)?;
                MessageAppend { text: words(post), files, ..new(&message) }
            }
            Content::Location(place) => {
                let Location { latitude, longitude, label } = place.clone();
                MessageAppend {
                    location: Some(envelope::Location { latitude, longitude, label }),
                    ..new(&message)
                }
            }
            Content::Membership(membership) => remark(moved(membership, &message.author)),
            Content::Unreadable(why) => remark(format!("A message could not be read: {why}")),
            Content::Other(Other { plain: Some(plain), .. }) => remark(plain.clone()),
            Content::Other(_) => return Ok(Written { key, parts: Vec::new() }),
            Content::Edit(Edit { target, post }) => {
                let (target, text) = (target.clone(), words(post));
                let edit = MessageEdit { ticket, target, author, text };
                return self.change(key, "edit", &Event::MessageEdit(Box::new(edit)));
            }
            Content::Removal(target) => {
                let removal = MessageRemove { ticket, target: target.clone(), by: author };
                return self.change(key, "remove", &Event::MessageRemove(removal));
            }
            Content::Reaction(Reaction { target, key: emoji, removed }) => {
                let (target, emoji, on) = (target.clone(), emoji.clone(), removed.is_none());
                let reaction = MessageReact { ticket, target, key: emoji, on, by: author };
                return self.change(key, "react", &Event::MessageReact(reaction));
            }
        };
        let id = format!("{key}-message");
        let reply = self.poster.send(&id, &Event::MessageAppend(Box::new(said)))?;
        let parts = reply.parts.unwrap_or_else(|| vec![reply.id.unwrap_or_else(|| key.clone())]);
        Ok(Written { key, parts })
    }

    /// Changes what is there: it makes no part that could be named later.
    fn change(&self, key: String, name: &str, event: &Event) -> Result<Written, Failure> {
        self.poster.send(&format!("{key}-{name}"), event)?;
        Ok(Written { key, parts: Vec::new() })
    }

    fn files(&self, key: &str, files: &[Attachment]) -> Result<Vec<File>, Failure> {
        let mut named = Vec::with_capacity(files.len());
        for (n, attachment) in files.iter().enumerate() {
            let (name, mime_type) = (attachment.file_name.clone(), attachment.mime_type.clone());
            let mut file = File { id: None, name, mime_type, size: attachment.size };
            if self.poster.settings.files {
                let id = format!("{key}-file-{n}");
                let upload = FileUpload { ticket: self.ticket.to_owned(), file: file.clone() };
                let reply = self.poster.upload(&id, &Event::FileUpload(upload), attachment)?;
                file.id = reply.map(|reply| reply.id.unwrap_or(id));
            }
            named.push(file);
        }
        Ok(named)
    }
}

fn words(post: &Post) -> Words {
    let text = post.text.clone();
    text.map(|Text { plain, html }| Words { text: Some(plain), html }).unwrap_or_default()
}

fn moved(membership: &Membership, by: &Person) -> String {
    let who = membership.who.name();
    match membership.presence {
        Presence::Joined => format!("{who} joined"),
        Presence::Left if membership.who.id == by.id => format!("{who} left"),
        Presence::Left => format!("{who} was removed by {}", by.name()),
        Presence::Invited => format!("{who} was invited by {}", by.name()),
        Presence::Banned => format!("{who} was banned by {}", by.name()),
    }
}
