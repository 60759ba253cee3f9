//! `/json/2/<model>/<method>`: named arguments, a bearer key, bare results, errors by status. 19 only.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value};

use super::{
    Transport,
    answer::Answer,
    core::{Core, entries_of},
    error::{Halt, web_error},
    faults::Fault,
    methods::Request,
};

/// The headers that matter.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    pub(crate) authorization: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) content_type: Option<String>,
}

/// Whom a request comes from, or the answer to one that comes from nobody.
pub(crate) fn who(core: &Core, headers: &Headers) -> Result<i64, Answer> {
    let one = core.one_database.load(std::sync::atomic::Ordering::SeqCst);
    let named = headers.database.as_deref();
    if named.is_some_and(|name| name != core.database) || (named.is_none() && !one) {
        let entry = match named {
            Some(_) if one => "mono_db.header_other_db",
            Some(_) => "db.unknown_db",
            None => "db.no_header_multi_db",
        };
        return Err(Answer::no_database().backed_by(core.back(Transport::Json2, &[entry.to_owned()], entry)));
    }
    let key = headers.authorization.as_deref().and_then(|value| value.split_once(' '));
    let key = key.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    let (message, entry) = match key {
        None => (
            "User not authenticated, use an API Key with a Bearer Authorization header.",
            "auth.no_authorization",
        ),
        Some(key) => match core.user_of_key(key) {
            Some(uid) => return Ok(uid),
            None => {
                core.failed_logins.fetch_add(1, Ordering::SeqCst);
                ("Invalid apikey", "auth.bad_key")
            }
        },
    };
    Err(refuse(core, web_error("Unauthorized", 401, message, &[entry])).header("WWW-Authenticate", "Bearer "))
}

/// An error as an answer.
pub(crate) fn refuse(core: &Core, halt: Halt) -> Answer {
    match halt {
        Halt::Odoo(error) => match core.back(Transport::Json2, &entries_of(&error), &error.message) {
            Some(entry) => {
                Answer::json(error.status, &error.json2()).backed_by(Some(entry)).failed(&error.name)
            }
            None => Answer::unbacked(&error.message),
        },
        Halt::Unbacked(why) => {
            core.unbacked(why.clone());
            Answer::unbacked(&why)
        }
        Halt::Conflict => Answer::unbacked("a conflict that nobody met"),
    }
}

/// The arguments, or the answer to a body that has none.
pub(crate) fn parse(core: &Core, headers: &Headers, body: &[u8]) -> Result<Map<String, Value>, Answer> {
    let content_type = headers.content_type.as_deref().unwrap_or("");
    if !content_type.is_empty() && !content_type.starts_with("application/json") {
        let page = "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n<h1>Unsupported Media \
                    Type</h1>\n<p>Request inferred type is compatible with [&#39;http&#39;] but \
                    &#39;/json/2/&lt;__model__&gt;/&lt;__method__&gt;&#39; is type=&#39;json2&#39;.<br><br>Please verify \
                    the Content-Type request header and try again.</p>\n";
        let entry = core.back(Transport::Json2, &["envelope.text_plain".to_owned()], "text/plain");
        return Err(Answer::html(415, page).backed_by(entry));
    }
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Ok(Map::new()),
        Err(error) => {
            let at = error.column();
            let message = format!(
                "could not parse the body as json: Expecting value: line {} column {} (char {at})",
                error.line(),
                at + 1
            );
            Err(refuse(core, web_error("BadRequest", 400, message, &["envelope.malformed_json"])))
        }
    }
}

/// Carries it out.
pub(crate) async fn answer(
    core: &Core,
    uid: i64,
    model: &str,
    method: &str,
    mut arguments: Map<String, Value>,
    fault: Option<&Fault>,
) -> Answer {
    let context = match arguments.remove("context") {
        Some(Value::Object(context)) => context,
        _ => Map::new(),
    };
    let ids = arguments.remove("ids").map(|ids| match ids {
        Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
        one => one.as_i64().into_iter().collect(),
    });
    let request = Request {
        model: model.to_owned(),
        method: method.to_owned(),
        args: Vec::new(),
        kwargs: arguments,
        ids,
    };
    match core.run(uid, &request, &context, Transport::Json2, fault).await.result {
        Ok(outcome) => {
            let what = format!("{model}.{method}");
            match core.back(Transport::Json2, &outcome.entries, &what) {
                Some(entry) => {
                    Answer::json(200, &outcome.value.unwrap_or(Value::Null)).backed_by(Some(entry))
                }
                None => Answer::unbacked(&what),
            }
        }
        Err(Halt::Unbacked(why)) => refuse(core, Halt::Unbacked(format!("{model}.{method}: {why}"))),
        Err(halt) => refuse(core, halt),
    }
}
