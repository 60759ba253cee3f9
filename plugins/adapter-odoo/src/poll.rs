//! What agents did, asked for: new and changed messages, then tickets that were written to.
//!
//! Odoo gives a message its number when it is written and shows it when the transaction ends, so a lower number may become
//! visible after a higher one. Each sweep therefore reads again whatever is younger than ten minutes by our own clock, longer
//! than any transaction of Odoo's may take; what was seen there is remembered, and the host drops what is told twice.

mod authors;
pub(crate) mod cursor;
mod messages;
mod openings;
mod records;

use patchbay_sdk::prelude::*;
pub(crate) use records::wrote;
use serde_json::{Value, json};

use crate::{
    append::{MESSAGE, is_ours},
    poll::cursor::Cursor,
    session::{Session, id, rows},
    transport::Ask,
};

/// Messages and tickets that one call reads.
const PAGE: u32 = 100;

/// What is read of a message.
const FIELDS: [&str; 11] = [
    "id",
    "res_id",
    "author_id",
    "email_from",
    "body",
    "date",
    "message_type",
    "subtype_id",
    "is_internal",
    "message_id",
    "attachment_ids",
];

/// What is new since `cursor`.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn poll(session: &Session<'_>, cursor: Option<&str>) -> Result<Page, Failure> {
    // A cursor that cannot be read is another version's: from now on is better than never.
    let Some(mut cursor) = cursor.and_then(Cursor::read) else {
        let cursor = beginning(session)?;
        return Ok(Page::last(Vec::new(), cursor.written()));
    };
    let after = cursor.after();
    let found = rows(session.ask(asked(session, after, json!(["subtype_id.internal", "=", false])))?);
    let full = found.len() >= PAGE as usize;
    let last = found.last().and_then(id);
    let mut entries = messages::news(session, &mut cursor, found, false)?;
    if let (true, Some(last)) = (full, last) {
        cursor.page = Some(last);
        return Ok(Page { more: true, ..Page::last(entries, cursor.written()) });
    }
    if session.settings.notes {
        let notes = rows(session.ask(asked(session, after, json!(["subtype_id.internal", "=", true])))?);
        entries.extend(messages::news(session, &mut cursor, notes, true)?);
    }
    cursor.swept();
    let (changed, more) = records::changed(session, &mut cursor)?;
    entries.extend(changed);
    Ok(Page { more, ..Page::last(entries, cursor.written()) })
}

/// One ticket's messages, oldest first, but for those that we wrote.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn history(session: &Session<'_>, ticket: i64, cursor: Option<&str>) -> Result<Page, Failure> {
    let after: i64 = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let mut domain = domain(session, after, json!(["subtype_id.internal", "=", false]));
    domain.insert(1, json!(["res_id", "=", ticket]));
    let found = rows(session.ask(Ask::search_read(MESSAGE, Value::Array(domain), &FIELDS, PAGE))?);
    let full = found.len() >= PAGE as usize;
    let last = found.last().and_then(id).unwrap_or(after);
    let entries = messages::told(session, &found, false)?;
    Ok(Page { more: full, ..Page::last(entries, last.to_string()) })
}

fn asked(session: &Session<'_>, after: i64, internal: Value) -> Ask {
    Ask::search_read(MESSAGE, Value::Array(domain(session, after, internal)), &FIELDS, PAGE)
}

fn domain(session: &Session<'_>, after: i64, internal: Value) -> Vec<Value> {
    vec![
        json!(["id", ">", after]),
        json!(["model", "=", session.settings.model()]),
        json!(["message_type", "in", ["comment", "email"]]),
        internal,
        json!(["create_uid", "!=", session.uid()]),
    ]
}

/// Everything that is there now is known.
fn beginning(session: &Session<'_>) -> Result<Cursor, Failure> {
    let model = session.settings.model();
    let last =
        Ask::search_read(MESSAGE, json!([["model", "=", model]]), &["id"], 1).named("order", "id desc");
    let last = session.first(last)?.as_ref().and_then(id).unwrap_or_default();
    let written = Ask::search_read(model, json!([]), &["write_date"], 1).named("order", "write_date desc");
    let written = session.first(written.archived_too())?;
    let written = written.as_ref().and_then(|row| row.get("write_date")).and_then(Value::as_str);
    Ok(Cursor::beginning(last, written))
}

/// Whether a message is one that customers may see, whatever the query said.
fn is_public(row: &Value) -> bool {
    let internal = row.get("is_internal") == Some(&Value::Bool(true));
    let typed = row.get("subtype_id").is_some_and(|subtype| *subtype != Value::Bool(false));
    typed && !internal && !is_ours(row)
}
