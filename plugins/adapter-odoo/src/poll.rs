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

use patchbay_sdk::{clock, http, prelude::*};
pub(crate) use records::wrote;
use serde_json::{Value, json};

use crate::{
    append::{MESSAGE, is_ours},
    fault::Fault,
    poll::cursor::Cursor,
    session::{Session, id, rows},
    time,
    transport::Ask,
};

/// Messages and tickets that one call reads.
const PAGE: u32 = 100;

/// As many bytes of words are told at once.
const TOGETHER: usize = 256 << 10;

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
    let (found, more) =
        self::found(session, domain(session, after, json!(["subtype_id.internal", "=", false])))?;
    let last = found.last().and_then(id);
    let mut entries = messages::news(session, &mut cursor, found, false)?;
    if let (true, Some(last)) = (more, last) {
        cursor.page = Some(last);
        return Ok(Page { more: true, ..Page::last(entries, cursor.written()) });
    }
    if session.settings.notes {
        let (notes, _) =
            self::found(session, domain(session, after, json!(["subtype_id.internal", "=", true])))?;
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
    let (found, more) = found(session, domain)?;
    let last = found.last().and_then(id).unwrap_or(after);
    let entries = messages::told(session, &found, false)?;
    Ok(Page { more, ..Page::last(entries, last.to_string()) })
}

/// A page of messages, and whether there are more. Where they are too large to be read together they are read in smaller
/// pages, and one that is too large by itself without its words: it must not stand in the way of all others.
fn found(session: &Session<'_>, domain: Vec<Value>) -> Result<(Vec<Value>, bool), Failure> {
    let domain = Value::Array(domain);
    for limit in [PAGE, 10, 1] {
        match session.ask(Ask::search_read(MESSAGE, domain.clone(), &FIELDS, limit)) {
            Err(Fault::Http(http::Error::TooLarge(_))) => {}
            answer => return Ok(cut(rows(answer?), limit)),
        }
    }
    let without: Vec<&str> = FIELDS.into_iter().filter(|field| *field != "body").collect();
    let mut found = rows(session.ask(Ask::search_read(MESSAGE, domain, &without, 1))?);
    for row in &mut found {
        if let Some(row) = row.as_object_mut() {
            row.insert("body".to_owned(), "<p>(a message that is too large to be shown here)</p>".into());
        }
    }
    Ok(cut(found, 1))
}

/// No more than what can be told at once.
fn cut(mut found: Vec<Value>, limit: u32) -> (Vec<Value>, bool) {
    let full = found.len() >= limit as usize;
    let mut size = 0;
    let fits = found.iter().take_while(|row| {
        size += row.get("body").and_then(Value::as_str).map_or(0, str::len);
        size <= TOGETHER
    });
    let fits = fits.count().max(1);
    let more = full || fits < found.len();
    found.truncate(fits);
    (found, more)
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

/// What is older than the overlap is known. What is younger may answer a ticket that was opened before anybody could poll:
/// "from now on" would lose it. Of tickets that the host does not know it drops what is told.
fn beginning(session: &Session<'_>) -> Result<Cursor, Failure> {
    let model = session.settings.model();
    let until = time::written(clock::now().saturating_sub(cursor::OVERLAP));
    let old = json!([["model", "=", model], ["create_date", "<", until]]);
    let last = Ask::search_read(MESSAGE, old, &["id"], 1).named("order", "id desc");
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
