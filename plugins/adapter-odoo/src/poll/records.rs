//! Tickets that were written to: what is another stage, agent, team, priority or tag than when it was last told. Odoo does not
//! show its own log of changes to a user without administrator's rights, so the tickets themselves are compared.

use patchbay_sdk::{prelude::*, store};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    PAGE,
    cursor::{Cursor, OVERLAP},
};
use crate::{
    change::{priority_of, status_of},
    known::digest,
    session::{Session, id, numbers, pointed, rows, text},
    time,
    transport::Ask,
};

/// What is told of a ticket, as short as it can be said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Status.
    #[serde(rename = "s")]
    status: u8,
    /// User, team, and priority.
    #[serde(rename = "a")]
    agent: Option<i64>,
    #[serde(rename = "q")]
    queue: Option<i64>,
    #[serde(rename = "p")]
    priority: Option<String>,
    #[serde(rename = "t")]
    tags: Vec<i64>,
}

/// What changed, and whether there is more.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn changed(session: &Session<'_>, cursor: &mut Cursor) -> Result<(Vec<Entry>, bool), Failure> {
    let model = session.settings.model();
    let since = time::read(&cursor.since).map(|at| time::written(at.saturating_sub(OVERLAP)));
    let since = since.unwrap_or_else(|| cursor.since.clone());
    let mut domain = vec![json!(["write_date", ">=", since])];
    if let Some(after) = cursor.record {
        domain.push(json!(["id", ">", after]));
    }
    let known = session.known();
    let queue = session.settings.model.queue();
    let mut fields: Vec<&str> =
        ["stage_id", "state", "user_id", "user_ids", queue, "priority", "tag_ids", "active"]
            .into_iter()
            .filter(|field| known.has(field))
            .collect();
    fields.extend(["write_date", "write_uid"]);
    let found =
        rows(session.ask(Ask::search_read(model, Value::Array(domain), &fields, PAGE).archived_too())?);
    let full = found.len() >= PAGE as usize;
    let mut entries = Vec::new();
    for row in &found {
        entries.extend(told(session, cursor, row)?);
    }
    cursor.record = if full { found.last().and_then(id) } else { None };
    if !full {
        let written = found.iter().filter_map(|row| text(row, "write_date")).max();
        // Times of one form are in order as texts are.
        if let Some(written) = written.filter(|written| **written > *cursor.since) {
            written.clone_into(&mut cursor.since);
        }
    }
    Ok((entries, full))
}

fn told(session: &Session<'_>, cursor: &mut Cursor, row: &Value) -> Result<Option<Entry>, Failure> {
    let Some(ticket) = id(row) else { return Ok(None) };
    let now = state(session, row);
    let before = cursor.states.insert(ticket, now.clone());
    if before.as_ref() == Some(&now) {
        return Ok(None);
    }
    let by_us = pointed(row, "write_uid").is_some_and(|(uid, _)| uid == session.uid());
    let own = if by_us { taken(ticket) } else { Map::new() };
    let ours = |fields: &[&str]| {
        fields.iter().any(|field| own.get(*field).is_some_and(|wrote| is_same(wrote, row.get(*field))))
    };
    let mut changes = Vec::new();
    match &before {
        // One that we opened: there is nothing that anybody else did.
        None if by_us => return Ok(None),
        None => {
            changes.extend(status_of(session, row).map(Change::Status));
            changes.extend(agent(row).map(|agent| Change::Assignee(Some(agent))));
        }
        Some(before) => {
            if before.status != now.status && !ours(&["stage_id", "state", "active"]) {
                changes.extend(status_of(session, row).map(Change::Status));
            }
            if before.agent != now.agent && !ours(&["user_id", "user_ids"]) {
                changes.push(Change::Assignee(agent(row)));
            }
            let queue = session.settings.model.queue();
            if before.queue != now.queue && !ours(&[queue]) {
                let named = pointed(row, queue).map(|(id, name)| Named { id: id.to_string(), name });
                changes.push(Change::Queue(named));
            }
            if before.priority != now.priority && !ours(&["priority"]) {
                changes.extend(priority_of(session, row).map(Change::Priority));
            }
            if before.tags != now.tags && !own.contains_key("tag_ids") {
                changes.extend(tags(session, &before.tags, &now.tags)?);
            }
        }
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let written = text(row, "write_date").unwrap_or_default();
    let stands = serde_json::to_string(&now).unwrap_or_default();
    let stands = digest(&stands);
    let id = format!("rec:{ticket}:{}:{}", written.replace(' ', "T"), stands.get(..12).unwrap_or_default());
    Ok(Some(Entry::new(id, ticket.to_string(), News::Changed(changes.into()))))
}

fn state(session: &Session<'_>, row: &Value) -> State {
    let status = match status_of(session, row) {
        Some(TicketStatus::Open) => 1,
        Some(TicketStatus::Pending) => 2,
        Some(TicketStatus::Solved) => 3,
        Some(TicketStatus::Closed) => 4,
        None => 0,
    };
    let mut tags = numbers(row, "tag_ids");
    tags.sort_unstable();
    State {
        status,
        agent: agent(row).and_then(|agent| agent.id.parse().ok()),
        queue: pointed(row, session.settings.model.queue()).map(|(id, _)| id),
        priority: text(row, "priority").map(ToOwned::to_owned),
        tags,
    }
}

/// A task may have several: the first is told.
fn agent(row: &Value) -> Option<Named> {
    if let Some((id, name)) = pointed(row, "user_id") {
        return Some(Named { id: id.to_string(), name });
    }
    numbers(row, "user_ids").first().map(|id| Named::new(id.to_string()))
}

fn tags(session: &Session<'_>, before: &[i64], now: &[i64]) -> Result<Vec<Change>, Failure> {
    let Some(field) = session.known().ticket.get("tag_ids").cloned() else { return Ok(Vec::new()) };
    let (put, taken): (Vec<i64>, Vec<i64>) = (
        now.iter().filter(|tag| !before.contains(tag)).copied().collect(),
        before.iter().filter(|tag| !now.contains(tag)).copied().collect(),
    );
    let all: Vec<i64> = put.iter().chain(&taken).copied().collect();
    let limit = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let named =
        rows(session.ask(Ask::search_read(field.relation, json!([["id", "in", all]]), &["name"], limit))?);
    let change = |row: &Value| {
        let (tag, name) = (id(row)?, text(row, "name")?.to_owned());
        Some(if put.contains(&tag) { Change::Tag(name) } else { Change::Untag(name) })
    };
    Ok(named.iter().filter_map(change).collect())
}

/// Notes what we write into a ticket, so that it is not told back.
pub(crate) fn wrote(ticket: i64, vals: &Map<String, Value>) {
    if let Err(error) = store::set_json(&own(ticket), vals) {
        log::debug(&format!("what was written is not kept: {error}"));
    }
}

fn taken(ticket: i64) -> Map<String, Value> {
    let key = own(ticket);
    let vals = store::get_json(&key).unwrap_or_default();
    store::delete(&key);
    vals
}

fn own(ticket: i64) -> String {
    format!("own-{ticket}")
}

/// Whether a field stands as it was written: a record is written as its number and read with its name.
fn is_same(wrote: &Value, stands: Option<&Value>) -> bool {
    let Some(stands) = stands else { return false };
    if wrote == stands {
        return true;
    }
    if let Some(list) = wrote.pointer("/0/2") {
        return list == stands;
    }
    stands.get(0) == Some(wrote)
}
