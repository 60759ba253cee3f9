//! Addresses, faults, and the life of one request. What a client began is carried out although it hangs up.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{
    Call, Transport, Version,
    answer::Answer,
    core::Core,
    error::web_error,
    faults::Fault,
    json2::{self, Headers},
    rpc,
};
use crate::wire::Scissors;

/// Texts in a recorded call that are longer than this are left out.
const LONGEST_KEPT: usize = 64 * 1024;

/// Answers one request; none: the connection is to end.
pub(crate) async fn handle(
    core: Arc<Core>,
    request: Request<Incoming>,
    scissors: Scissors,
) -> Option<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    // A task of its own: a client that is gone does not stop the call.
    let task = tokio::spawn(async move { route(&core, &parts, body).await });
    let (answer, fault) = task.await.ok()?;
    match fault {
        Some(Fault::Hang | Fault::CommitThenHang) => std::future::pending().await,
        Some(Fault::Drop | Fault::CommitThenDrop) => return None,
        Some(Fault::ResetAfterBytes(bytes)) => scissors.cut_after(bytes),
        _ => {}
    }
    Some(answer.into_response())
}

async fn route(core: &Core, parts: &http::request::Parts, body: Bytes) -> (Answer, Option<Fault>) {
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = parts.uri.path().to_owned();
    let headers = Headers {
        authorization: header("authorization"),
        database: header("x-odoo-database"),
        content_type: header("content-type"),
    };
    let mut call = Call {
        transport: Transport::Web,
        path: path.clone(),
        model: String::new(),
        method: path.clone(),
        arguments: Value::Null,
        uid: None,
        status: 0,
        error: None,
        backed_by: None,
    };
    let (answer, fault) = if path == "/jsonrpc" {
        call.transport = Transport::JsonRpc;
        jsonrpc(core, parts, &headers, &body, &mut call).await
    } else if path.starts_with("/json/") && core.version == Version::V19 && path != "/json/version" {
        call.transport = Transport::Json2;
        json2(core, parts, &headers, &body, &mut call).await
    } else {
        let fault = core.faults.take(&path);
        match before(fault.as_ref()) {
            Some(answer) => (answer, fault),
            None => (web(core, parts, &path, &headers), fault),
        }
    };
    let answer = match &fault {
        Some(Fault::CommitThenStatus(status)) => proxy_page(*status),
        _ => answer,
    };
    call.status = answer.status;
    call.error.clone_from(&answer.error);
    call.backed_by = match &fault {
        Some(fault) if answer.entry.is_none() => Some(format!("fault:{fault:?}")),
        _ => answer.entry.clone(),
    };
    core.record(call);
    (answer, fault)
}

/// The answer of one who stands before the server.
fn before(fault: Option<&Fault>) -> Option<Answer> {
    match fault? {
        Fault::Status(status) => Some(proxy_page(*status)),
        Fault::Busy(status, after) => Some(proxy_page(*status).header("Retry-After", after.to_string())),
        // Never seen by the client.
        Fault::Hang | Fault::Drop => Some(proxy_page(503)),
        _ => None,
    }
}

fn proxy_page(status: u16) -> Answer {
    Answer::html(
        status,
        format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"),
    )
}

async fn jsonrpc(
    core: &Core,
    parts: &http::request::Parts,
    headers: &Headers,
    body: &[u8],
    call: &mut Call,
) -> (Answer, Option<Fault>) {
    let content_type = headers.content_type.as_deref().unwrap_or("");
    let ask = match rpc::parse(core, content_type, parts.method == Method::POST, body) {
        Ok(ask) => ask,
        Err(answer) => return (answer, None),
    };
    call.model.clone_from(&ask.model);
    call.method.clone_from(&ask.method);
    call.uid = ask.uid;
    call.arguments = kept(&ask.arguments());
    let fault = core.faults.take(&ask.method);
    match before(fault.as_ref()) {
        Some(answer) => (answer, fault),
        None => (rpc::answer(core, ask, fault.as_ref()).await, fault),
    }
}

async fn json2(
    core: &Core,
    parts: &http::request::Parts,
    headers: &Headers,
    body: &[u8],
    call: &mut Call,
) -> (Answer, Option<Fault>) {
    let names: Vec<&str> = parts.uri.path().split('/').skip(2).collect();
    let (model, method) = match names.as_slice() {
        ["2", model, method] => (*model, *method),
        ["1", ..] => {
            let page = "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>Session \
                        expired (invalid CSRF token)</p>\n";
            let entry = core.back(Transport::Json2, &["envelope.json1_style".to_owned()], "json 1");
            return (Answer::html(400, page).backed_by(entry), None);
        }
        _ => ("", ""),
    };
    call.model = model.to_owned();
    call.method = method.to_owned();
    let fault = core.faults.take(method);
    if let Some(answer) = before(fault.as_ref()) {
        return (answer, fault);
    }
    let uid = match json2::who(core, headers) {
        Ok(uid) => uid,
        Err(answer) => return (answer, fault),
    };
    call.uid = Some(uid);
    if parts.method != Method::POST || method.is_empty() {
        let entry = if method.is_empty() { "envelope.bad_path" } else { "envelope.get" };
        let halt = web_error("NotFound", 404, "Did you mean POST /json/2/<model>/<method>?", &[entry]);
        return (json2::refuse(core, halt), fault);
    }
    let arguments = match json2::parse(core, headers, body) {
        Ok(arguments) => arguments,
        Err(answer) => return (answer, fault),
    };
    call.arguments = kept(&Value::Object(arguments.clone()));
    (json2::answer(core, uid, model, method, arguments, fault.as_ref()).await, fault)
}

fn kept(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST_KEPT => json!(format!("<{} bytes>", text.len())),
        Value::Array(items) => Value::Array(items.iter().map(kept).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), kept(value))).collect())
        }
        other => other.clone(),
    }
}

fn web(core: &Core, parts: &http::request::Parts, path: &str, headers: &Headers) -> Answer {
    let back = |entry: &str| core.back(Transport::JsonRpc, &[entry.to_owned()], entry);
    match path {
        "/web/version" if core.version == Version::V18 => Answer::not_found().backed_by(back("web.version")),
        "/web/version" => Answer::json(200, &core.version.web()).backed_by(back("web.version")),
        "/json/version" if core.version == Version::V19 => {
            Answer::json(200, &core.version.web()).backed_by(back("json.version"))
        }
        "/web/webclient/version_info" => {
            let body = json!({"jsonrpc": "2.0", "id": null, "result": core.version.info()});
            Answer::json(200, &body).backed_by(back("web.webclient.version_info"))
        }
        _ if path.starts_with("/web/content/") => content(core, parts, path, headers),
        _ if path.starts_with("/json/2/") => Answer::not_found().backed_by(back("json2.absent_in_18")),
        _ => {
            core.unbacked(format!("{} {path}", parts.method));
            Answer::unbacked(path)
        }
    }
}

/// A file by its access token. A server with several databases needs the header, and 18 does not know it.
fn content(core: &Core, parts: &http::request::Parts, path: &str, headers: &Headers) -> Answer {
    let back = |entry: &str| core.back(Transport::JsonRpc, &[entry.to_owned()], entry);
    let one = core.one_database.load(std::sync::atomic::Ordering::SeqCst);
    let query = parts.uri.query().unwrap_or("");
    let token = query.split('&').find_map(|pair| pair.strip_prefix("access_token="));
    let selected =
        one || (core.version == Version::V19 && headers.database.as_deref() == Some(&core.database));
    if !selected {
        return match core.version {
            Version::V18 => Answer::not_found().backed_by(back("attachment.download.anonymous")),
            Version::V19 => Answer::no_database().backed_by(back("attachment.download.anonymous")),
        };
    }
    let id = path.rsplit('/').next().and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
    let row = core.look(|tx| tx.row("ir.attachment", id)).flatten();
    let text =
        |name: &str| row.as_ref().and_then(|row| row.get(name)).and_then(Value::as_str).map(str::to_owned);
    let allowed = token.is_some() && text("access_token").as_deref() == token;
    let file = text("checksum").and_then(|checksum| core.files.get(&checksum)).filter(|_| allowed);
    let Some(file) = file else {
        return Answer::not_found().backed_by(back("mono_db.attachment.download.anonymous"));
    };
    let mut mimetype = text("mimetype").unwrap_or_default();
    if mimetype.starts_with("text/") {
        mimetype.push_str("; charset=utf-8");
    }
    let name = text("name").unwrap_or_default();
    Answer::text(200, &mimetype, file)
        .header("Content-Disposition", format!("attachment; filename={name}"))
        .backed_by(back("mono_db.attachment.download.access_token"))
}
