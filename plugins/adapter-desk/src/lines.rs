//! Messages as lines of a ticket. A message may make several lines (its text, then each file), one, or none, when it
//! changes lines that are there.

use patchbay_sdk::{
    desk::{self, Body, Line, Unknown},
    prelude::*,
};

/// The lines of one ticket.
pub(crate) struct Lines<'a> {
    pub(crate) ticket: &'a str,
}

/// What all lines of one item share.
struct Frame {
    key: String,
    author: Person,
    sent_at: Timestamp,
    internal: bool,
    reply_to: Option<String>,
}

impl Lines<'_> {
    /// Writes one item; answers the identifiers of the lines that it made, the text's first.
    ///
    /// # Errors
    /// When there is no such ticket. A line that is not there any more is no error: what was said of it is then
    /// without effect, or stands alone.
    pub(crate) fn add(&self, item: Item) -> Result<Written, Unknown> {
        let Item { key, message, internal } = item;
        let reply_to = message.reply_to.into_iter().next();
        let Message { author, sent_at, .. } = message;
        let frame = Frame { key: key.clone(), author, sent_at, internal, reply_to };
        let bodies = match message.content {
            Content::Post(post) => bodies(post),
            Content::Location(location) => vec![Body::Place(location)],
            Content::Edit(Edit { target, post }) => self.edit(&target, post)?,
            Content::Reaction(reaction) => self.react(&reaction, &frame.author)?,
            Content::Removal(target) => self.remove(&target)?,
            Content::Membership(membership) => vec![Body::Event(moved(&membership, &frame.author))],
            Content::Unreadable(why) => vec![Body::Event(format!("A message could not be read: {why}"))],
            Content::Other(other) => other.plain.map(Body::Event).into_iter().collect(),
        };
        let parts = self.write(frame, bodies)?;
        Ok(Written { key, parts })
    }

    fn write(&self, frame: Frame, bodies: Vec<Body>) -> Result<Vec<String>, Unknown> {
        let mut parts = Vec::with_capacity(bodies.len());
        for (n, body) in bodies.into_iter().enumerate() {
            // The desk drops a second line of the same key, so each line of an item has its own.
            let key = if n == 0 { frame.key.clone() } else { format!("{}-{n}", frame.key) };
            let reply_to = if n == 0 { frame.reply_to.clone() } else { None };
            let Frame { sent_at, internal, .. } = frame;
            let mut line = Line { key, author: frame.author.clone(), sent_at, internal, body, reply_to };
            let written = desk::write(self.ticket, &line).or_else(|unknown| match unknown {
                Unknown::Line(_) if line.reply_to.take().is_some() => desk::write(self.ticket, &line),
                unknown => Err(unknown),
            })?;
            parts.push(written);
        }
        Ok(parts)
    }

    /// The text is the first part of whatever is edited. What cannot be edited any more is said anew.
    fn edit(&self, target: &[String], post: Post) -> Result<Vec<Body>, Unknown> {
        if let (Some(line), Some(text)) = (target.first(), &post.text)
            && there(desk::rewrite(self.ticket, line, text))?
        {
            return Ok(Vec::new());
        }
        Ok(bodies(post))
    }

    fn react(&self, reaction: &Reaction, by: &Person) -> Result<Vec<Body>, Unknown> {
        if let Some(line) = reaction.target.first() {
            there(desk::react(self.ticket, line, &reaction.key, by, reaction.removed.is_none()))?;
        }
        Ok(Vec::new())
    }

    fn remove(&self, target: &[String]) -> Result<Vec<Body>, Unknown> {
        for line in target {
            there(desk::remove(self.ticket, line))?;
        }
        Ok(Vec::new())
    }
}

/// Whether the line was there; a ticket that is not is an error.
fn there(done: Result<(), Unknown>) -> Result<bool, Unknown> {
    match done {
        Ok(()) => Ok(true),
        Err(Unknown::Line(_)) => Ok(false),
        Err(unknown) => Err(unknown),
    }
}

fn bodies(post: Post) -> Vec<Body> {
    post.text.map(Body::Text).into_iter().chain(post.files.into_iter().map(Body::File)).collect()
}

fn moved(membership: &Membership, by: &Person) -> String {
    let Membership { who, presence } = membership;
    let (name, alone) = (called(who), who.id == by.id);
    match (presence, alone) {
        (Presence::Joined, _) => format!("{name} joined"),
        (Presence::Left, true) => format!("{name} left"),
        (Presence::Left, false) => format!("{name} was removed by {}", called(by)),
        (Presence::Invited, _) => format!("{name} was invited by {}", called(by)),
        (Presence::Banned, _) => format!("{name} was banned by {}", called(by)),
    }
}

fn called(person: &Person) -> &str {
    person.display_name.as_deref().unwrap_or(&person.id)
}
