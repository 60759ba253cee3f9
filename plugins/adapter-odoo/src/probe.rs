//! Whether Odoo answers, and whether what is needed is there: said in words by which an administrator finds the place.

use patchbay_sdk::prelude::*;
use serde_json::json;

use crate::{
    append::MESSAGE,
    contact::{MARK, PARTNER},
    files::ATTACHMENT,
    session::{Session, rows, text},
    transport::Ask,
};

/// Asks.
///
/// # Errors
/// With all that is missing.
pub(crate) fn probe(session: &Session<'_>) -> Result<Health, Failure> {
    let known = session.known();
    let model = session.settings.model();
    // A right to read that lacks shows here; one to write, at the first message, which then waits for it.
    for model in [model, PARTNER, MESSAGE, ATTACHMENT] {
        session.ask(Ask::search_read(model, json!([["id", "=", 0]]), &["id"], 1))?;
    }
    let mut detail = format!("{model} by {} as user {}", known.speech(), known.uid);
    if let Some(day) = expiry(session) {
        detail.push_str(&format!("; an API key of this user expires on {day}"));
    }
    if !known.has("x_patchbay_conversation") {
        detail.push_str(&format!(
            "; {model} has no field `x_patchbay_conversation`: tickets do not say where they come from"
        ));
    }
    if !known.partner_has(MARK) {
        detail.push_str(&format!(
            "; contacts have no field `{MARK}`: they are known by external ID, phone and mail alone"
        ));
    }
    Ok(Health::new(known.version, detail))
}

/// The day on which the first of the user's keys ends, where Odoo tells.
fn expiry(session: &Session<'_>) -> Option<String> {
    let mine = json!([["user_id", "=", session.uid()]]);
    let keys = session.ask(Ask::search_read("res.users.apikeys", mine, &["expiration_date"], 20)).ok()?;
    let days = rows(keys);
    let first = days.iter().filter_map(|key| text(key, "expiration_date")).min()?;
    Some(first.get(..10).unwrap_or(first).to_owned())
}
