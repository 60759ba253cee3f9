//! Conversations that agents begin: a ticket that somebody else made for a contact whom we know, once an agent writes in it
//! for the customer to see.

use std::collections::BTreeMap;

use patchbay_sdk::{prelude::*, store};
use serde_json::{Value, json};

use super::{authors::of_partner, cursor::Cursor};
use crate::{
    contact::{MARK, PARTNER},
    load::MODULE,
    session::{Session, id, pointed, rows, text},
    transport::Ask,
};

/// The same entries, each such ticket's opening before its first message.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn before(
    session: &Session<'_>,
    cursor: &mut Cursor,
    entries: Vec<Entry>,
) -> Result<Vec<Entry>, Failure> {
    let mut openings = told(session, cursor, &entries)?;
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Ok(ticket) = entry.ticket.parse::<i64>()
            && is_agents(&entry)
            && let Some(opening) = openings.remove(&ticket)
        {
            all.push(opening);
        }
        all.push(entry);
    }
    Ok(all)
}

fn told(
    session: &Session<'_>,
    cursor: &mut Cursor,
    entries: &[Entry],
) -> Result<BTreeMap<i64, Entry>, Failure> {
    let mut tickets: Vec<i64> = entries
        .iter()
        .filter(|entry| is_agents(entry))
        .filter_map(|entry| entry.ticket.parse().ok())
        .collect();
    tickets.retain(|ticket| !cursor.opened.contains(ticket));
    tickets.sort_unstable();
    tickets.dedup();
    if tickets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let limit = u32::try_from(tickets.len()).unwrap_or(u32::MAX);
    let fields = ["name", "partner_id", "create_uid"];
    let read = Ask::search_read(session.settings.model(), json!([["id", "in", tickets]]), &fields, limit);
    let mut openings = BTreeMap::new();
    for row in rows(session.ask(read.archived_too())?) {
        let (Some(ticket), Some((partner, name))) = (id(&row), pointed(&row, "partner_id")) else { continue };
        cursor.opened.insert(ticket);
        let ours = pointed(&row, "create_uid").is_some_and(|(uid, _)| uid == session.uid());
        if ours || !is_known(session, partner)? {
            continue;
        }
        let agent = entries.iter().find(|entry| entry.ticket == ticket.to_string() && is_agents(entry));
        let agent = agent.and_then(author).cloned();
        let mut seats =
            vec![Seat { person: of_partner(partner, Party::Customer, name), role: "customer".to_owned() }];
        seats.extend(agent.map(|person| Seat { person, role: "agent".to_owned() }));
        let name = text(&row, "name").unwrap_or("Ticket").to_owned();
        let opening = Opening { kind: "ticket".to_owned(), name, topic: None, seats, archived: false };
        openings
            .insert(ticket, Entry::new(format!("open:{ticket}"), ticket.to_string(), News::Opening(opening)));
    }
    Ok(openings)
}

/// Whether we ever brought this partner: kept here, or marked in Odoo.
fn is_known(session: &Session<'_>, partner: i64) -> Result<bool, Failure> {
    if store::get(&format!("partner-{partner}")).is_some() {
        return Ok(true);
    }
    if session.known().partner_has(MARK) {
        let read = Ask::search_read(PARTNER, json!([["id", "=", partner]]), &[MARK], 1);
        if session.first(read)?.is_some_and(|row| text(&row, MARK).is_some()) {
            return Ok(true);
        }
    }
    let named = session.ask(Ask::on(PARTNER, "get_external_id", &[partner]))?;
    let named = named.get(partner.to_string()).and_then(Value::as_str).unwrap_or_default();
    Ok(named.strip_prefix(MODULE).is_some_and(|rest| rest.starts_with(".person_")))
}

fn author(entry: &Entry) -> Option<&Person> {
    match &entry.news {
        News::Message(message) => Some(&message.author),
        _ => None,
    }
}

fn is_agents(entry: &Entry) -> bool {
    author(entry).is_some_and(|author| author.party == Party::Agent)
}
