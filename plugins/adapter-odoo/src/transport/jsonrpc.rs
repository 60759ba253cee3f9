//! JSON-RPC, from 16 to 21: one path, arguments by place, and every error inside a 200. A method that returns nothing
//! answers with neither result nor error.

use patchbay_sdk::http::{self, secret, url};
use serde_json::{Value, json};

use super::{Ask, answered, body, dressed, settled, taking};
use crate::{fault::Fault, settings::Settings, val::Val};

/// Sends it.
///
/// # Errors
/// See [`Fault`].
pub(super) fn send(settings: &Settings, uid: i64, ask: Ask) -> Result<Value, Fault> {
    let mut places: Vec<Val> = ask.ids.map(|ids| json!(ids).into()).into_iter().collect();
    places.extend(ask.given.into_iter().map(|(_, value)| value));
    let mut named: Vec<(String, Val)> =
        ask.named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if !ask.context.is_empty() {
        named.push(("context".to_owned(), Value::Object(ask.context).into()));
    }
    let mut args = vec![
        Val::from(settings.database.as_str()),
        uid.into(),
        Val::Key(secret(&settings.secret)),
        ask.model.into(),
        ask.method.into(),
        Val::List(places),
    ];
    if !named.is_empty() {
        args.push(Val::Map(named));
    }
    post(settings, "object", "execute_kw", args, ask.step, ask.take)
}

/// The technical user's number; none: the login or the key is wrong. Each wrong one costs the server half a second.
///
/// # Errors
/// See [`Fault`].
pub fn authenticate(settings: &Settings) -> Result<Option<i64>, Fault> {
    let args = vec![
        Val::from(settings.database.as_str()),
        settings.login.as_str().into(),
        Val::Key(secret(&settings.secret)),
        json!({}).into(),
    ];
    Ok(post(settings, "common", "authenticate", args, None, None)?.as_i64())
}

/// The server's version.
///
/// # Errors
/// See [`Fault`].
pub fn common_version(settings: &Settings) -> Result<String, Fault> {
    let version = post(settings, "common", "version", Vec::new(), None, None)?;
    let version = version.get("server_version").and_then(Value::as_str);
    version.map(ToOwned::to_owned).ok_or_else(|| Fault::Nobody("no Odoo behind this URL".to_owned()))
}

fn post(
    settings: &Settings,
    service: &str,
    method: &str,
    args: Vec<Val>,
    step: Option<String>,
    take: Option<&'static str>,
) -> Result<Value, Fault> {
    let field = |name: &str, value: Val| (name.to_owned(), value);
    let params = Val::Map(vec![
        field("service", service.into()),
        field("method", method.into()),
        field("args", Val::List(args)),
    ]);
    let envelope = Val::Map(vec![
        field("jsonrpc", "2.0".into()),
        field("method", "call".into()),
        field("id", 1.into()),
        field("params", params),
    ]);
    let request = http::post(url(&settings.url).segment("jsonrpc")).json(&envelope);
    let effect = step.clone();
    let response = answered(dressed(taking(request, "/result", take), step))?;
    settled(body(&response).and_then(result), effect)
}

fn result(mut body: Value) -> Result<Value, Fault> {
    if let Some(error) = body.get("error") {
        let data = |key: &str| error.pointer(key).and_then(Value::as_str).unwrap_or_default();
        return Err(Fault::named(data("/data/name"), data("/data/message")));
    }
    Ok(body.get_mut("result").map(Value::take).unwrap_or_default())
}
