//! What people write, on its way from one side to the other: sanitised, readable as plain text, free of what no screen
//! shows, and no longer than the other side takes. docs/text.md says what becomes of what.

mod clean;
mod fit;
mod names;

use patchbay_plugin::types::{Content, Message, News, Text};

use crate::html::{
    mentions::{self, Names},
    plain::{is_bare, plain},
    sanitised,
};

pub(crate) use self::names::Here;

/// The most that a CRM is given of one message's words, and as much of their HTML.
const TO_CRM: usize = 256 << 10;
/// The most that one event says, words and HTML together: an event has 64 KiB at most, with all that is around them.
const TO_MATRIX: usize = 48 << 10;

/// A customer's message, for the CRM.
pub(crate) fn from_matrix(message: &mut Message, names: &impl Names) {
    match &mut message.content {
        Content::Post(post) => post.text.iter_mut().for_each(|text| to_crm(text, names)),
        Content::Edit(edit) => edit.post.text.iter_mut().for_each(|text| to_crm(text, names)),
        Content::Location(place) => place.label.iter_mut().for_each(|label| *label = clean::clean(label)),
        Content::Other(other) => {
            if let Some(words) = &mut other.plain {
                *words = fit::cut(&mentions::named_plain(&clean::clean(words), names), TO_CRM, None);
            }
        }
        _ => {}
    }
}

/// A CRM's message, for the room. `ticket`: where the whole of it can be read, for those who may know.
pub(crate) fn to_matrix(news: &mut News, ticket: Option<&str>) {
    let (News::Message(message) | News::Note(message)) = news else { return };
    match &mut message.content {
        Content::Post(post) => post.text.iter_mut().for_each(|text| to_room(text, TO_MATRIX, ticket)),
        // An edit says everything twice.
        Content::Edit(edit) => {
            edit.post.text.iter_mut().for_each(|text| to_room(text, TO_MATRIX / 2, ticket));
        }
        Content::Location(place) => {
            place.label.iter_mut().for_each(|label| *label = fit::cut(&clean::clean(label), 1_000, None));
        }
        Content::Other(other) => {
            other
                .plain
                .iter_mut()
                .for_each(|words| *words = fit::cut(&clean::clean(words), TO_MATRIX, ticket));
        }
        _ => {}
    }
}

fn to_crm(text: &mut Text, names: &impl Names) {
    text.html = text.html.take().map(|html| mentions::named(&clean::controls(&sanitised(&html)), names));
    text.html.take_if(|html| html.trim().is_empty() || html.len() > TO_CRM);
    text.plain = mentions::named_plain(&clean::clean(&text.plain), names);
    or_else_html(text);
    text.plain = fit::cut(&text.plain, TO_CRM, None);
}

fn to_room(text: &mut Text, room: usize, ticket: Option<&str>) {
    text.html = text.html.take().map(|html| clean::controls(&sanitised(&html)));
    text.html.take_if(|html| html.trim().is_empty());
    text.plain = clean::clean(&text.plain);
    if or_else_html(text) {
        text.html.take_if(|html| is_bare(html));
    }
    let html = text.html.as_deref().map_or(0, fit::written);
    if html + fit::written(&text.plain) > room {
        text.html = None;
        text.plain = fit::cut(&text.plain, room, ticket);
    }
}

/// Where a side gave HTML alone, its words are read out of it; answers whether that was so.
fn or_else_html(text: &mut Text) -> bool {
    let Some(html) = text.html.as_ref().filter(|_| text.plain.trim().is_empty()) else { return false };
    text.plain = clean::clean(&plain(html));
    true
}

#[cfg(test)]
mod tests;
