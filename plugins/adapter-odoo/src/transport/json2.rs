//! JSON-2, since 19: one path for each method, arguments by name, the bare result, and errors by status. `ids` are the
//! records; a bearer key says who asks, a header which database.

use patchbay_sdk::http::{self, Request, secret, text, url};
use serde_json::{Value, json};

use super::{Ask, answered, body, dressed, settled, taking};
use crate::{fault::Fault, settings::Settings, val::Val};

/// Sends it.
///
/// # Errors
/// See [`Fault`].
pub(super) fn send(settings: &Settings, ask: Ask) -> Result<Value, Fault> {
    let mut fields: Vec<(String, Val)> = Vec::new();
    if let Some(ids) = ask.ids {
        fields.push(("ids".to_owned(), json!(ids).into()));
    }
    for (name, value) in ask.given.into_iter().chain(ask.named) {
        fields.push((name.to_owned(), value));
    }
    if !ask.context.is_empty() {
        fields.push(("context".to_owned(), Value::Object(ask.context).into()));
    }
    let to = url(&settings.url).path("json/2").segment(&ask.model).segment(ask.method);
    let request = headed(settings, http::post(to)).json(&Val::Map(fields));
    let effect = ask.step.clone();
    let response = answered(dressed(taking(request, "", ask.take), ask.step))?;
    settled(body(&response), effect)
}

/// The server's version, where it has JSON-2; 18 and older have no such page.
///
/// # Errors
/// See [`Fault`].
pub fn version(settings: &Settings) -> Result<Option<String>, Fault> {
    let response = http::get(url(&settings.url).path("web/version")).answer().map_err(Fault::Http)?;
    if response.status == 404 {
        return Ok(None);
    }
    if !response.is_success() {
        return Err(Fault::of_status(response));
    }
    Ok(body(&response)?.get("version").and_then(Value::as_str).map(ToOwned::to_owned))
}

fn headed(settings: &Settings, request: Request) -> Request {
    request
        .header("authorization", text("bearer ").then(secret(&settings.secret)))
        .header("x-odoo-database", settings.database.as_str())
}
