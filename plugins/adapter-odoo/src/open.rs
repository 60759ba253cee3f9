//! A new ticket: one `load()` under an external ID made of the call's key, so that a repeated or concurrent one is the same.

use patchbay_sdk::prelude::*;
use serde_json::Value;

use crate::{
    change::{self, Cell},
    contact::cut,
    fault::Fault,
    load::{Row, Rowed},
    session::Session,
    settings::Model,
    text::outward,
};

/// Opens it, without its messages: the host appends them at once. Were one of them to fail in here, nobody could be told of
/// both.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn open(session: &Session<'_>, draft: &Draft, call: &Call) -> Result<Opened, Failure> {
    let mut loaded = row(session, draft, call)?.load(session, session.settings.model(), "open");
    // A field that is no more: what is kept of the server is too old.
    if let Err(Rowed::Fault(Fault::Broken(_) | Fault::Refused(_))) = &loaded
        && session.contradicted()
    {
        loaded = row(session, draft, call)?.load(session, session.settings.model(), "open");
    }
    let id = loaded.map_err(|rowed| rowed.failure("partner_id"))?;
    Ok(Opened { ticket: ticket(session, id), written: Vec::new() })
}

/// The ticket, and where an agent opens it.
pub(crate) fn ticket(session: &Session<'_>, id: i64) -> Ticket {
    let (url, model) = (&session.settings.url, session.settings.model());
    let place = if session.known().major() >= 18 {
        format!("{url}/odoo/{model}/{id}")
    } else {
        format!("{url}/web#id={id}&model={model}&view_type=form")
    };
    Ticket::new(id.to_string()).at(place)
}

fn row(session: &Session<'_>, draft: &Draft, call: &Call) -> Result<Row, Failure> {
    let known = session.known();
    let settings = session.settings;
    let mut row = Row::named(&format!("ticket_{}", call.key));
    row.set("name", subject(draft));
    if let Some(partner) = partner(draft) {
        row.point("partner_id", partner);
    }
    if settings.model == Model::Lead {
        row.set("type", "opportunity");
    }
    if known.has("x_patchbay_conversation") {
        row.set("x_patchbay_conversation", draft.conversation.as_str());
    }
    // The OCA's tickets have to have one; elsewhere the words stand in the messages alone.
    if known.ticket.get("description").is_some_and(|field| field.required) {
        let words = draft.items.iter().find_map(|item| item.message.plain()).unwrap_or("-");
        row.set("description", outward::paragraph(&cut(words, 2000)));
    }
    for (field, value) in &settings.defaults {
        let points = known.ticket.get(field).map_or(field.ends_with("_id"), |field| field.kind == "many2one");
        match value {
            Value::Number(number) if points => row.set(format!("{field}/.id"), number.to_string()),
            Value::Bool(yes) => row.set(field, if *yes { "True" } else { "False" }),
            Value::Number(number) => row.set(field, number.to_string()),
            value => row.set(field, value.clone()),
        }
    }
    for change in &draft.initial {
        for (field, cell) in change::vals(session, change, None)? {
            match cell {
                Cell::Plain(value) => row.set(field, value),
                Cell::Record(Some(id)) => row.point(&field, id),
                Cell::Only(Some(id)) | Cell::Add(id) => row.point(&field, id),
                // Of a new ticket there is nothing to take away.
                Cell::Record(None) | Cell::Only(None) | Cell::Remove(_) => {}
            }
        }
    }
    Ok(row)
}

/// Whose ticket it is. Of people the host tells who they are here with what they say.
fn partner(draft: &Draft) -> Option<i64> {
    let authors = || draft.items.iter().map(|item| &item.message.author);
    let same = authors().find(|author| author.id == draft.customer.id && author.remote.is_some());
    let any = || authors().find(|author| author.party == Party::Customer && author.remote.is_some());
    let remote = draft.customer.remote.as_deref().or_else(|| same.or_else(any)?.remote.as_deref());
    remote?.parse().ok()
}

/// What the tenant says; else how the first message begins; else who it is.
fn subject(draft: &Draft) -> String {
    let said = draft.initial.iter().rev().find_map(|change| match change {
        Change::Subject(subject) => Some(subject.as_str()),
        _ => None,
    });
    let words = || draft.items.iter().find_map(|item| item.message.plain()).and_then(first_line);
    let subject = said.or_else(words).unwrap_or_else(|| draft.customer.name());
    cut(subject, 100)
}

fn first_line(words: &str) -> Option<&str> {
    words.lines().find(|line| !line.trim().is_empty())
}
