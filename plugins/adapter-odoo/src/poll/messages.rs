//! Messages as news.

use std::collections::BTreeMap;

use patchbay_sdk::{clock, prelude::*};
use serde_json::{Value, json};

use super::{authors::Authors, cursor::Cursor, is_public, openings};
use crate::{
    append::is_ours,
    files::ATTACHMENT,
    known::digest,
    session::{Session, id, numbers, rows, text},
    text::inward,
    time,
    transport::Ask,
};

/// Those of the messages that are new, or say something else than before.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn news(
    session: &Session<'_>,
    cursor: &mut Cursor,
    found: Vec<Value>,
    notes: bool,
) -> Result<Vec<Entry>, Failure> {
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for row in found {
        let Some(number) = id(&row) else { continue };
        if is_ours(&row) || (!notes && !is_public(&row)) {
            continue;
        }
        let said = said(&row);
        match cursor.saw(number, said) {
            None => fresh.push(row),
            Some(before) if before != said => changed.push((row, said)),
            Some(_) => {}
        }
    }
    let mut entries = told(session, &fresh, notes)?;
    if !notes && session.settings.start_conversations {
        entries = openings::before(session, cursor, entries)?;
    }
    if !changed.is_empty() {
        entries.extend(edits(session, changed, notes)?);
    }
    Ok(entries)
}

/// Messages as they stand.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn told(session: &Session<'_>, found: &[Value], notes: bool) -> Result<Vec<Entry>, Failure> {
    let shown: Vec<Value> =
        found.iter().filter(|row| if notes { !is_ours(row) } else { is_public(row) }).cloned().collect();
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let authors = Authors::of(session, &shown)?;
    let files = Files::of(session, &shown)?;
    let entry = |row: &Value| {
        let post = post(row, &files);
        // An empty one was deleted in Odoo.
        if post.text.is_none() && post.files.is_empty() {
            return None;
        }
        entry(row, &authors, post.into(), notes, String::new())
    };
    Ok(shown.iter().filter_map(entry).collect())
}

/// A message that was told and says something else now: an edit, or a removal where nothing is left.
fn edits(session: &Session<'_>, changed: Vec<(Value, u32)>, notes: bool) -> Result<Vec<Entry>, Failure> {
    let found: Vec<Value> = changed.iter().map(|(row, _)| row.clone()).collect();
    let authors = Authors::of(session, &found)?;
    let files = Files(BTreeMap::new());
    let entry = |(row, said): &(Value, u32)| {
        let target = vec![id(row)?.to_string()];
        let post = post(row, &files);
        let emptied = post.text.is_none() && numbers(row, "attachment_ids").is_empty();
        let content = if emptied { Content::Removal(target) } else { Content::Edit(Edit { target, post }) };
        entry(row, &authors, content, notes, format!(":{said:08x}"))
    };
    Ok(changed.iter().filter_map(entry).collect())
}

fn entry(row: &Value, authors: &Authors, content: Content, note: bool, revision: String) -> Option<Entry> {
    let number = id(row)?;
    let ticket = row.get("res_id").and_then(Value::as_i64)?.to_string();
    let sent_at = text(row, "date").and_then(time::read).unwrap_or_else(clock::now);
    let message = Message::new(number.to_string(), authors.person(row), sent_at, content);
    let news = if note { News::Note(message) } else { News::Message(message) };
    Some(Entry::new(format!("msg:{number}{revision}"), ticket, news))
}

fn post(row: &Value, files: &Files) -> Post {
    let mail = text(row, "message_type") == Some("email");
    let words = text(row, "body").and_then(|body| inward::text(body, mail));
    Post { text: words, files: files.of_message(row) }
}

/// A number that stands for what it says.
fn said(row: &Value) -> u32 {
    let all = format!("{}{:?}", text(row, "body").unwrap_or_default(), numbers(row, "attachment_ids"));
    digest(&all).get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

/// Attachments by number, read all at once.
struct Files(BTreeMap<i64, Attachment>);

// === impl Files ===

impl Files {
    fn of(session: &Session<'_>, messages: &[Value]) -> Result<Self, Failure> {
        let mut ids: Vec<i64> = messages.iter().flat_map(|row| numbers(row, "attachment_ids")).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let fields = ["name", "mimetype", "file_size"];
        let read = Ask::search_read(ATTACHMENT, json!([["id", "in", ids]]), &fields, limit);
        let file = |row: Value| {
            let number = id(&row)?;
            let mime = text(&row, "mimetype").unwrap_or("application/octet-stream");
            let name = text(&row, "name").unwrap_or("file");
            let mut file = Attachment::new(format!("att:{number}"), name, mime);
            file.size = row.get("file_size").and_then(Value::as_u64);
            Some((number, file))
        };
        Ok(Self(rows(session.ask(read)?).into_iter().filter_map(file).collect()))
    }

    fn of_message(&self, row: &Value) -> Vec<Attachment> {
        let mut ids = numbers(row, "attachment_ids");
        ids.sort_unstable();
        ids.iter().filter_map(|id| self.0.get(id).cloned()).collect()
    }
}
