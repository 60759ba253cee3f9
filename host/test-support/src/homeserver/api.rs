//! The client-server API: each request is written down, may be made to go wrong, and is answered, or refused loudly
//! where no capture says how.

mod account;
mod reading;
mod rooms;
mod store;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    Shared,
    faults::Fault,
    identity::Asker,
    world::{Call, Refusal, World},
};

/// The most bytes of a request that are read.
const MOST: usize = 1 << 30;

/// A request, taken apart.
pub(crate) struct Asked {
    pub(crate) method: String,
    /// As it came, without the query: what transaction IDs are remembered by.
    pub(crate) path: String,
    /// Of the path, decoded.
    pub(crate) parts: Vec<String>,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    /// Null where it is none.
    pub(crate) body: Value,
}

/// What is answered.
pub(crate) enum Answer {
    Json(u16, Value),
    File { bytes: Bytes, mime_type: String, name: Option<String> },
}

pub(crate) type Answered = Result<Answer, Refusal>;

pub(crate) fn ok(value: Value) -> Answered {
    Ok(Answer::Json(200, value))
}

/// No capture says how this is answered.
pub(crate) fn unbacked() -> Refusal {
    Refusal::new(501, "M_UNBACKED", "no capture backs this")
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let whole = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let bytes = to_bytes(body, MOST).await.unwrap_or_default();
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let asked = Asked {
        parts: path.trim_start_matches('/').split('/').map(decode).collect(),
        query: head.uri.query().map(pairs).unwrap_or_default(),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        headers: head.headers,
        method,
        path,
        bytes,
    };
    let at = {
        let mut world = shared.world();
        world.calls.push(Call { method: asked.method.clone(), path: whole.clone(), status: 0 });
        world.calls.len() - 1
    };
    let response = answered(&shared, &asked, &whole).await;
    if let Some(response) = &response {
        shared.world().calls[at].status = response.status().as_u16();
    }
    response.unwrap_or_else(broken)
}

/// An answer that ends before it has begun.
fn broken() -> Response {
    let nothing = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut on request")) });
    let answer = Response::builder().header(header::CONTENT_LENGTH, 1000);
    answer.body(Body::from_stream(nothing)).unwrap()
}

async fn answered(shared: &Arc<Shared>, asked: &Asked, whole: &str) -> Option<Response> {
    let fault = {
        let mut world = shared.world();
        let found = world.faults.iter_mut().find(|(on, _)| on.fits(&asked.method, whole));
        found.map(|(on, fault)| {
            on.times -= 1;
            fault.clone()
        })
    };
    match &fault {
        Some(Fault::Status(status)) => {
            return Some(Response::builder().status(*status).body(Body::from("<html>")).unwrap());
        }
        Some(Fault::RateLimited(millis)) => {
            let body = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": millis });
            let mut response = shown(Answer::Json(429, body));
            let seconds = millis.div_ceil(1000).to_string().parse().unwrap();
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            return Some(response);
        }
        Some(Fault::Refused(status, errcode, error)) => {
            return Some(refused(&Refusal::new(*status, errcode, *error)));
        }
        Some(Fault::Dropped) => return None,
        Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Hang | Fault::DoneThenDropped) | None => {}
    }
    let answer = match asked.parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["_matrix", "client", "v1", "appservice", id, "ping"] => ping(shared, asked, id).await,
        ["_matrix", "client", _, "rooms", _, "invite"] => {
            query_user(shared, asked.body["user_id"].as_str().unwrap_or_default()).await;
            dispatch(shared, asked)
        }
        _ => dispatch(shared, asked),
    };
    shared.wake.notify_one();
    match fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::DoneThenDropped) => return None,
        _ => {}
    }
    Some(answer.map_or_else(|refusal| refused(&refusal), shown))
}

fn dispatch(shared: &Shared, asked: &Asked) -> Answered {
    let mut world = shared.world();
    let answered = route(shared, &mut world, asked);
    if let Err(Refusal { status: 501, .. }) = &answered {
        world.unbacked.push(format!("{} {}", asked.method, asked.path));
    }
    answered
}

fn route(shared: &Shared, world: &mut World, asked: &Asked) -> Answered {
    let parts: Vec<&str> = asked.parts.iter().map(String::as_str).collect();
    let ["_matrix", rest @ ..] = parts.as_slice() else { return Err(unbacked()) };
    if let ["client", "versions"] = rest {
        return account::versions();
    }
    if let ["media", "v3", "download", ..] = rest {
        return Err(Refusal::new(404, "M_NOT_FOUND", "Not found"));
    }
    if let ["client", "v3", "register"] = rest {
        return account::register(shared, world, asked);
    }
    let asker = Asker::of(shared, world, &asked.headers, &asked.query)?;
    match rest {
        ["client", "v3", "rooms", room, rest @ ..] => rooms::route(world, &asker, asked, room, rest),
        ["client", "v3", "createRoom"] => {
            let version = shared.options.room_version.clone();
            let room = world.create_room(&asker.user, asker.ours, &version, &asked.body)?;
            ok(json!({ "room_id": room }))
        }
        ["client", "v3", "join", target] => rooms::join_by_name(world, &asker, target),
        ["client", "v3", "joined_rooms"] => reading::joined_rooms(world, &asker),
        ["client", "v3", "directory", "room", alias] => rooms::alias(world, &asker, asked, alias),
        ["client", "v1", "media", rest @ ..] => store::authenticated(shared, world, asked, rest),
        ["media", "v3", "upload"] => store::upload(shared, world, asked),
        ["client", "v3", rest @ ..] => account::route(shared, world, &asker, asked, rest),
        _ => Err(unbacked()),
    }
}

/// Asks the application service whether it has this user, as before each invitation of one that is not known.
async fn query_user(shared: &Shared, user: &str) {
    let url = {
        let world = shared.world();
        let unknown = world.is_ours(user) && user != world.bot && !world.accounts.contains_key(user);
        unknown.then(|| world.push_to.clone()).flatten()
    };
    let Some(url) = url else { return };
    let user = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
    let request = shared.http.get(format!("{url}/_matrix/app/v1/users/{user}"));
    // The invitation goes through whatever is answered.
    let _ = request.bearer_auth(&shared.options.hs_token).send().await;
}

async fn ping(shared: &Shared, asked: &Asked, id: &str) -> Answered {
    let url = {
        let world = shared.world();
        let asker = Asker::of(shared, &world, &asked.headers, &asked.query)?;
        if !asker.ours {
            let sentence = "Only application services can use the /appservice/ping endpoint";
            return Err(Refusal::new(403, "M_FORBIDDEN", sentence));
        }
        world.push_to.clone()
    };
    if id != shared.options.registration {
        return Err(Refusal::new(403, "M_FORBIDDEN", "Mismatching application service ID in path"));
    }
    if asked.method != "POST" {
        return Err(Refusal::new(405, "M_UNRECOGNIZED", "Unrecognized request"));
    }
    let transaction = json!({ "transaction_id": asked.body["transaction_id"] });
    let request = shared.http.post(format!("{}/_matrix/app/v1/ping", url.unwrap_or_default()));
    let request = request.bearer_auth(&shared.options.hs_token).body(transaction.to_string());
    let Ok(answer) = request.header("Content-Type", "application/json").send().await else {
        return Ok(Answer::Json(
            502,
            json!({ "errcode": "M_CONNECTION_FAILED", "error": "Connection was refused" }),
        ));
    };
    let status = answer.status();
    let body = answer.text().await.unwrap_or_default();
    if !status.is_success() {
        let error = format!("HTTP {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        return Ok(Answer::Json(
            502,
            json!({ "errcode": "M_BAD_STATUS", "error": error, "status": status.as_u16(), "body": body }),
        ));
    }
    if serde_json::from_str::<Value>(&body).is_err() {
        let error = "JSONDecodeError: Expecting value: line 1 column 1 (char 0)";
        return Ok(Answer::Json(502, json!({ "errcode": "M_CONNECTION_FAILED", "error": error })));
    }
    shared.pinged.notify_one();
    ok(json!({ "duration_ms": 1 }))
}

fn refused(refusal: &Refusal) -> Response {
    let mut body = json!({ "errcode": refusal.errcode, "error": refusal.error });
    if refusal.errcode == "M_UNKNOWN_TOKEN" {
        body["soft_logout"] = false.into();
    }
    shown(Answer::Json(refusal.status, body))
}

fn shown(answer: Answer) -> Response {
    match answer {
        Answer::Json(status, value) => Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(value.to_string()))
            .unwrap(),
        Answer::File { bytes, mime_type, name } => {
            let shown = name.map_or_else(|| "inline".to_owned(), |name| format!("inline; filename={name}"));
            let policy = "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; \
                          style-src 'unsafe-inline'; media-src 'self'; object-src 'self';";
            Response::builder()
                .header(header::CONTENT_TYPE, mime_type)
                .header(header::CONTENT_DISPOSITION, shown)
                .header(header::CONTENT_SECURITY_POLICY, policy)
                .header(header::CACHE_CONTROL, "public,max-age=86400,s-maxage=0,proxy-revalidate")
                .header(header::ETAG, "1")
                .header(header::CONTENT_LENGTH, bytes.len())
                .body(Body::from(bytes))
                .unwrap()
        }
    }
}

fn pairs(query: &str) -> HashMap<String, String> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect()
}

// === impl Asked ===

impl Asked {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.body[key].as_str()
    }

    /// The body as an object, as most calls need it.
    pub(crate) fn object(&self) -> Result<&Value, Refusal> {
        if self.body.is_object() || self.bytes.is_empty() {
            return Ok(&self.body);
        }
        Err(Refusal::new(400, "M_BAD_JSON", "Content must be a JSON object."))
    }
}
