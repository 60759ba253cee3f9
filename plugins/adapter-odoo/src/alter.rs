//! Edits and removals. The technical user may change what it wrote, so both are done in place: the words are replaced and
//! marked as edited, what is removed leaves a sentence. Where the message is not ours to change, or nobody knows which one
//! it was, it is said again.

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::{
    append::{MESSAGE, Thread},
    fault::Fault,
    files::ATTACHMENT,
    remark::Said,
    session::numbers,
    text::outward,
    transport::Ask,
};

/// Replaces the words.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn edit(thread: &Thread<'_>, item: &Item, edit: &Edit) -> Result<Vec<String>, Failure> {
    let words = edit.post.text.as_ref().map(outward::body).transpose()?.unwrap_or_default();
    let body = format!("{words}<p><em>(edited)</em></p>");
    if let Some(message) = number(&edit.target)
        && replace(thread, message, json!({ "body": body }), &format!("edit-{}", item.key))?
    {
        return Ok(Vec::new());
    }
    let body = format!("<p><em>(edited)</em></p>{words}");
    thread.say(item, Said { body, internal: false })
}

/// Takes the words and the files away.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn remove(thread: &Thread<'_>, item: &Item, target: &[String]) -> Result<Vec<String>, Failure> {
    let gone = format!("{} removed this message", item.message.author.name());
    if let Some(message) = number(target) {
        let read = Ask::search_read(MESSAGE, json!([["id", "=", message]]), &["attachment_ids"], 1);
        let Some(row) = thread.session.first(read)? else { return Ok(Vec::new()) };
        let body = json!({ "body": format!("<p><em>{}</em></p>", crate::text::html::escaped(&gone)) });
        if replace(thread, message, body, &format!("remove-{}", item.key))? {
            let files = numbers(&row, "attachment_ids");
            if !files.is_empty() {
                let unlink = Ask::on(ATTACHMENT, "unlink", &files).step(format!("unlink-{}", item.key));
                match thread.session.ask(unlink) {
                    Ok(_) | Err(Fault::Missing(_)) => {}
                    Err(Fault::Forbidden(said) | Fault::Refused(said)) => {
                        log::warn(&format!("the files of a removed message stay: {said}"));
                    }
                    Err(fault) => return Err(fault.failure()),
                }
            }
            return Ok(Vec::new());
        }
    }
    thread.say(item, Said { body: outward::paragraph(&gone), internal: true })
}

/// Whether it was there, and ours to change.
fn replace(thread: &Thread<'_>, message: i64, vals: Value, step: &str) -> Result<bool, Failure> {
    match thread.session.ask(Ask::write(MESSAGE, &[message], vals).step(step)) {
        Ok(_) => Ok(true),
        Err(Fault::Missing(_) | Fault::Forbidden(_)) => Ok(false),
        Err(fault) => Err(fault.failure()),
    }
}

fn number(target: &[String]) -> Option<i64> {
    target.first()?.parse().ok()
}
