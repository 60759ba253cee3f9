//! What an item says in Odoo's words. What Odoo has no form for becomes a sentence: for the customer's own deeds a message,
//! for what merely happened an internal note.

use patchbay_sdk::prelude::*;

use crate::{
    contact::cut,
    text::{html::escaped, outward},
};

/// HTML, and who is to see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) body: String,
    /// A note: the customer's mail never has it.
    pub(crate) internal: bool,
}

/// What it says; nothing where there is nothing to show.
///
/// # Errors
/// When it is larger than Odoo can show.
pub(crate) fn said(item: &Item) -> Result<Option<Said>, Failure> {
    let message = &item.message;
    let said = |body: String| Some(Said { body, internal: false });
    let note = |words: String| Some(Said { body: outward::paragraph(&words), internal: true });
    Ok(match &message.content {
        Content::Post(Post { text, files }) => match text {
            Some(text) => said(outward::body(text)?),
            None if files.is_empty() => None,
            None => said(String::new()),
        },
        Content::Location(place) => said(location(place)),
        Content::Reaction(Reaction { key, .. }) => {
            note(format!("{} reacted with {}", message.author.name(), cut(key, 40)))
        }
        Content::Membership(membership) => note(moved(membership, &message.author)),
        Content::Unreadable(why) => note(format!("A message could not be read: {}", cut(why, 200))),
        Content::Other(Other { plain: Some(plain), .. }) => said(outward::body(&plain.as_str().into())?),
        Content::Other(_) | Content::Edit(_) | Content::Removal(_) => None,
    })
}

fn location(place: &Location) -> String {
    let (latitude, longitude) = (place.latitude, place.longitude);
    let label = place.label.as_deref().map(|label| cut(label, 200)).unwrap_or_default();
    let shown = if label.is_empty() { format!("{latitude:.5}, {longitude:.5}") } else { label };
    format!(
        "<p>📍 <a href=\"https://www.openstreetmap.org/?mlat={latitude:.6}&amp;mlon={longitude:.6}\">{}</a></p>",
        escaped(&shown)
    )
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
