//! `/jsonrpc`: one address, services and methods inside the body, errors inside HTTP 200.

use serde_json::{Map, Value, json};

use super::{
    Transport, Version,
    answer::Answer,
    core::{Core, entries_of},
    error::{Halt, Res, access_denied, missing, python_error, type_error},
    faults::Fault,
    methods::{self, Outcome, Request},
};

/// A body taken apart as far as needed to know what is called.
pub(crate) struct Ask {
    id: Value,
    params: Option<Value>,
    pub(crate) method: String,
    pub(crate) model: String,
    pub(crate) uid: Option<i64>,
}

impl Ask {
    /// What comes after user and secret: model, method, arguments; or a service's arguments.
    pub(crate) fn arguments(&self) -> Value {
        let args = self.params.as_ref().and_then(|params| params.get("args")).and_then(Value::as_array);
        let from = if self.model.is_empty() { usize::MAX } else { 5 };
        Value::Array(args.into_iter().flatten().skip(from).cloned().collect())
    }
}

/// What is asked, or the answer to what cannot be asked.
pub(crate) fn parse(core: &Core, content_type: &str, is_post: bool, body: &[u8]) -> Result<Ask, Answer> {
    let back = |answer: Answer, entry: &str| {
        let found = core.back(Transport::JsonRpc, &[entry.to_owned()], entry);
        answer.backed_by(found)
    };
    if !is_post || !content_type.starts_with("application/json") {
        let entry = if is_post { "envelope.wrong_content_type" } else { "envelope.get" };
        let (status, types, wanted) = match core.version {
            Version::V18 => (400, "[&#39;http&#39;]", "json"),
            Version::V19 if is_post => (415, "[&#39;http&#39;]", "jsonrpc"),
            Version::V19 => (415, "[&#39;http&#39;, &#39;json2&#39;]", "jsonrpc"),
        };
        let title = if status == 400 { "Bad Request" } else { "Unsupported Media Type" };
        let advice = if status == 400 {
            ""
        } else {
            "<br><br>Please verify the Content-Type request header and try again."
        };
        let page = format!(
            "<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>Request inferred type \
             is compatible with {types} but &#39;/jsonrpc&#39; is type=&#39;{wanted}&#39;.{advice}</p>\n"
        );
        return Err(back(Answer::html(status, page), entry));
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(back(Answer::html(400, "Invalid JSON data"), "envelope.malformed_json"));
    };
    let Value::Object(mut body) = body else {
        return Err(back(Answer::html(400, "Invalid JSON-RPC data"), "envelope.batch_array"));
    };
    let params = body.remove("params");
    let part = |name: &str| {
        params.as_ref().and_then(|params| params.get(name)).and_then(Value::as_str).unwrap_or("")
    };
    let args = params.as_ref().and_then(|params| params.get("args"));
    let (mut method, mut model, mut uid) = (part("method").to_owned(), String::new(), None);
    if part("service") == "object"
        && let Some(args) = args
    {
        uid = args.get(1).and_then(Value::as_i64);
        args.get(3).and_then(Value::as_str).unwrap_or("").clone_into(&mut model);
        args.get(4).and_then(Value::as_str).unwrap_or("").clone_into(&mut method);
    }
    Ok(Ask { id: body.remove("id").unwrap_or(Value::Null), params, method, model, uid })
}

/// Carries it out.
pub(crate) async fn answer(core: &Core, ask: Ask, fault: Option<&Fault>) -> Answer {
    let id = ask.id.clone();
    let what = format!("{}.{}", ask.model, ask.method);
    let mut body = Map::from_iter([("jsonrpc".to_owned(), json!("2.0")), ("id".to_owned(), id)]);
    let (entries, error) = match dispatch(core, ask, fault).await {
        Ok(outcome) => {
            if let Some(value) = outcome.value {
                body.insert("result".to_owned(), value);
            }
            (outcome.entries, None)
        }
        Err(Halt::Odoo(error)) => {
            body.insert("error".to_owned(), error.jsonrpc(core.version));
            (entries_of(&error), Some(error.name))
        }
        Err(Halt::Unbacked(why)) => {
            core.unbacked(format!("{what}: {why}"));
            return Answer::unbacked(&format!("{what}: {why}"));
        }
        Err(Halt::Conflict) => return Answer::unbacked("a conflict that nobody met"),
    };
    let Some(entry) = core.back(Transport::JsonRpc, &entries, &what) else {
        return Answer::unbacked(&format!("{what}: {entries:?}"));
    };
    let mut answer = Answer::json(200, &Value::Object(body)).backed_by(Some(entry));
    answer.headers = vec![("Content-Type", "application/json; charset=utf-8".to_owned())];
    match error {
        Some(name) => answer.failed(&name),
        None => answer,
    }
}

async fn dispatch(core: &Core, ask: Ask, fault: Option<&Fault>) -> Res<Outcome> {
    let Some(Value::Object(mut params)) = ask.params else {
        let class = if core.version == Version::V18 { "RPC" } else { "JSONRPC" };
        let message = format!(
            "{class}.jsonrpc() missing 3 required positional arguments: 'service', 'method', and 'args'"
        );
        return Err(type_error(message, &["envelope.no_params"]));
    };
    let service = params.get("service").and_then(Value::as_str).unwrap_or("").to_owned();
    let method = params.get("method").and_then(Value::as_str).unwrap_or("").to_owned();
    let args = match params.remove("args") {
        Some(Value::Array(args)) => args,
        _ => Vec::new(),
    };
    let ok = |value: Value, entry: &str| Ok(Outcome { value: Some(value), entries: vec![entry.to_owned()] });
    match (service.as_str(), method.as_str()) {
        ("common", "version") => ok(core.version.info(), "common.version"),
        ("common", "authenticate" | "login") => authenticate(core, &args).await,
        ("common", _) => {
            let message = format!("Method not found: {method}");
            Err(python_error("builtins.Exception", message, &["envelope.unknown_service_method"]))
        }
        ("db", "list") => ok(json!(["crm18", "crm19"]), "db.list"),
        ("object", "execute_kw") => execute(core, args, fault).await,
        ("db" | "object", _) => Err(Halt::Unbacked(format!("{service}.{method}"))),
        _ => Err(python_error("builtins.KeyError", service, &["envelope.unknown_service"])),
    }
}

fn wrong_database(name: &str, entry: &'static str) -> Halt {
    let message = format!(
        "connection to server at \"127.0.0.1\", port 54329 failed: FATAL:  database \"{name}\" does not exist\n"
    );
    python_error("psycopg2.OperationalError", message, &[entry])
}

async fn authenticate(core: &Core, args: &[Value]) -> Res<Outcome> {
    let text = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or("");
    if text(0) != core.database {
        return Err(wrong_database(text(0), "common.authenticate.wrong_db"));
    }
    let user = core.login_of(text(1));
    let (value, entry) = match user {
        None => (json!(false), "common.authenticate.unknown_login"),
        Some(user) if core.login(user.uid, text(2)).await => {
            let by_key = user.key == text(2) && !user.key.is_empty();
            let entry =
                if by_key { "common.authenticate.apikey_as_password" } else { "common.authenticate.ok" };
            (json!(user.uid), entry)
        }
        Some(_) => (json!(false), "common.authenticate.wrong_password"),
    };
    Ok(Outcome { value: Some(value), entries: vec![entry.to_owned()] })
}

async fn execute(core: &Core, args: Vec<Value>, fault: Option<&Fault>) -> Res<Outcome> {
    let mut args = args.into_iter();
    let (db, uid, secret) = (args.next(), args.next(), args.next());
    let (model, method, positional, keywords) = (args.next(), args.next(), args.next(), args.next());
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or("").to_owned();
    let uid = match uid {
        Some(Value::Number(uid)) => uid.as_i64().unwrap_or(0),
        Some(Value::String(login)) => return Err(methods::bad_uid(&login)),
        _ => return Err(Halt::Unbacked("a call without a user".to_owned())),
    };
    if text(&db) != core.database {
        return Err(wrong_database(&text(&db), "execute_kw.wrong_db"));
    }
    if core.users.read().is_ok_and(|users| !users.contains_key(&uid)) {
        return Err(missing("res.users", uid, uid, &["execute_kw.wrong_uid"]));
    }
    let secret = text(&secret);
    let of_other = core.user_of_key(&secret).is_some_and(|owner| owner != uid);
    if !core.login(uid, &secret).await {
        let entry = if of_other { "execute_kw.key_of_other_user" } else { "execute_kw.wrong_password" };
        return Err(access_denied(&[entry]));
    }
    let mut kwargs = match keywords {
        Some(Value::Object(kwargs)) => kwargs,
        _ => Map::new(),
    };
    let context = match kwargs.remove("context") {
        Some(Value::Object(context)) => context,
        _ => Map::new(),
    };
    let request = Request {
        model: text(&model),
        method: text(&method),
        args: positional
            .and_then(|list| if let Value::Array(list) = list { Some(list) } else { None })
            .unwrap_or_default(),
        kwargs,
        ids: None,
    };
    core.run(uid, &request, &context, Transport::JsonRpc, fault).await.result
}
