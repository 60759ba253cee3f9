//! Replies. Odoo's `parent_id` is no use: it is moved to whatever message it likes. So the first line of what is answered
//! stands above the answer, and who said it. (A blockquote would be folded away as an old mail.)

use patchbay_sdk::prelude::*;
use serde_json::json;

use crate::{
    append::MESSAGE,
    contact::cut,
    session::{Session, pointed, text},
    text::{html::escaped, inward},
    transport::Ask,
};

/// The line above an answer, or nothing.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn line(session: &Session<'_>, message: &Message) -> Result<String, Failure> {
    let (sign, target) = match (message.reply_to.first(), message.thread.first(), &message.content) {
        (_, _, Content::Reaction(reaction)) => ("", reaction.target.first()),
        (Some(answered), ..) => ("↪ ", Some(answered)),
        (None, Some(root), _) => ("🧵 ", Some(root)),
        _ => ("", None),
    };
    let Some(target) = target.and_then(|target| target.parse::<i64>().ok()) else { return Ok(String::new()) };
    let found = Ask::search_read(MESSAGE, json!([["id", "=", target]]), &["body", "author_id"], 1);
    // It was deleted meanwhile: then there is nothing to point to.
    let Some(row) = session.first(found)? else { return Ok(String::new()) };
    let who = pointed(&row, "author_id").and_then(|(_, name)| name);
    let words = text(&row, "body").and_then(|body| inward::text(body, true)).map(|text| text.plain);
    let words =
        words.as_deref().and_then(|words| words.lines().find(|line| !line.starts_with(['↪', '🧵', '>'])));
    let words = words.map_or_else(|| "…".to_owned(), |words| cut(words, 120));
    let who = who.map(|who| format!("{}: ", cut(&who, 80))).unwrap_or_default();
    Ok(format!("<p><em>{sign}{}“{}”</em></p>", escaped(&who), escaped(&words)))
}
