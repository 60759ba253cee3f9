//! The part of the client-server API that an application service calls, answered as Synapse answers it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{OriginalUri, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use patchbay_types::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::ledger::{Asked, Echo, Ledger, Refusal};
use crate::{cast::Cast, journal::MatrixSend};

type Params = Query<HashMap<String, String>>;

/// A client-server API that listens.
#[derive(Clone)]
pub struct ClientApi {
    /// Where.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    as_token: String,
    bot: String,
    cast: Cast,
    ledger: Mutex<Ledger>,
}

// === impl ClientApi ===

impl ClientApi {
    /// Listens at `address` (port 0: any) until the runtime ends. `bot` is the registration's own user.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(address: SocketAddr, cast: &Cast, as_token: &str, bot: &str) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            as_token: as_token.to_owned(),
            bot: bot.to_owned(),
            cast: cast.clone(),
            ledger: Mutex::default(),
        });
        let app = router(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, shared })
    }

    /// All events that the application service sent so far.
    #[must_use]
    pub fn sends(&self) -> Vec<MatrixSend> {
        self.shared.ledger().sends()
    }

    /// The next of its events that waits to be delivered back to it.
    #[must_use]
    pub fn next_echo(&self) -> Option<Echo> {
        self.shared.ledger().next_echo()
    }

    /// As after a restart of the homeserver.
    pub fn restart(&self) {
        self.shared.ledger().restart();
    }
}

// === impl Shared ===

impl Shared {
    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn user<'a>(&'a self, params: &'a HashMap<String, String>) -> &'a str {
        params.get("user_id").unwrap_or(&self.bot)
    }

    /// Who acts, if they may.
    fn actor(&self, params: &HashMap<String, String>) -> Result<String, Refused> {
        let user = self.user(params);
        self.ledger().check(user, &self.bot, params.get("device_id").map(String::as_str))?;
        Ok(user.to_owned())
    }
}

/// A Matrix error.
struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, errcode, error) = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(json!({ "errcode": errcode, "error": error }))).into_response()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let room = "/_matrix/client/v3/rooms/{room}";
    Router::new()
        .route("/_matrix/client/versions", get(async || Json(json!({ "versions": ["v1.11", "v1.12"] }))))
        .route("/_matrix/client/v3/account/whoami", get(whoami))
        .route("/_matrix/client/v3/register", post(register))
        .route("/_matrix/client/v3/devices/{device}", put(device).get(device))
        .route("/_matrix/client/v3/join/{room}", post(join))
        .route("/_matrix/client/v3/joined_rooms", get(joined_rooms))
        .route(&format!("{room}/join"), post(join))
        .route(&format!("{room}/send/{{kind}}/{{txn}}"), put(send))
        .route(&format!("{room}/redact/{{kind}}/{{txn}}"), put(send))
        .route(&format!("{room}/state/{{kind}}/{{key}}"), put(send).get(one_state))
        .route(&format!("{room}/state/{{kind}}/"), get(state_without_key))
        .route(&format!("{room}/state/{{kind}}"), get(state_without_key))
        .route(&format!("{room}/state"), get(state))
        .route(&format!("{room}/members"), get(members))
        .route(&format!("{room}/joined_members"), get(joined_members))
        .fallback(anything_else)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), only_with_token))
        .with_state(shared)
}

async fn only_with_token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let open = request.uri().path() == "/_matrix/client/versions";
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if open || shown.and_then(|value| value.strip_prefix("Bearer ")) == Some(&shared.as_token) {
        return next.run(request).await;
    }
    Refused((401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")).into_response()
}

async fn whoami(State(shared): State<Arc<Shared>>, Query(params): Params) -> Result<Json<Value>, Refused> {
    Ok(Json(json!({ "user_id": shared.actor(&params)?, "is_guest": false })))
}

async fn register(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refused> {
    if body.get("type").and_then(Value::as_str) != Some("m.login.application_service") {
        return Err(Refused((400, "M_UNKNOWN", "type is not m.login.application_service")));
    }
    let name = body.get("username").and_then(Value::as_str).unwrap_or_default();
    let server = &shared.cast.server;
    let user = format!("@{name}:{server}");
    shared.ledger().register(&user)?;
    Ok(Json(json!({ "user_id": user, "home_server": **server })))
}

async fn device(
    State(shared): State<Arc<Shared>>,
    Path(device): Path<String>,
    Query(params): Params,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let user = shared.actor(&params)?;
    let new = shared.ledger().device(&user, &device);
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(json!({}))))
}

async fn join(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    Query(params): Params,
) -> Result<Json<Value>, Refused> {
    shared.actor(&params)?;
    Ok(Json(json!({ "room_id": room })))
}

async fn joined_rooms(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let rooms: Vec<&str> = shared.cast.rooms.iter().map(|room| &*room.id).collect();
    Json(json!({ "joined_rooms": rooms }))
}

async fn send(
    State(shared): State<Arc<Shared>>,
    Path((room, kind, _)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
    Query(params): Params,
    Json(content): Json<Value>,
) -> Result<Json<Value>, Refused> {
    let user = shared.actor(&params)?;
    let text = content.get("body").and_then(Value::as_str).map(str::to_owned);
    let at = SystemClock.now();
    let new = MatrixSend { event_id: String::new(), room, sender: user.clone(), event_type: kind, text, at };
    let device = params.get("device_id").map(String::as_str);
    let asked = Asked { user: &user, device, path: uri.path() };
    let event_id = shared.ledger().send(&asked, new, content.to_string());
    Ok(Json(json!({ "event_id": event_id })))
}

async fn state(State(shared): State<Arc<Shared>>, Path(room): Path<String>) -> Json<Value> {
    Json(Value::Array(shared.state_of(&room)))
}

async fn members(State(shared): State<Arc<Shared>>, Path(room): Path<String>) -> Json<Value> {
    let mut chunk = shared.state_of(&room);
    chunk.retain(|event| event.get("type").and_then(Value::as_str) == Some("m.room.member"));
    Json(json!({ "chunk": chunk }))
}

async fn joined_members(State(shared): State<Arc<Shared>>, Path(room): Path<String>) -> Json<Value> {
    let joined: serde_json::Map<String, Value> =
        shared.people(&room).into_iter().map(|user| (user, json!({ "display_name": "Somebody" }))).collect();
    Json(json!({ "joined": joined }))
}

async fn one_state(
    State(shared): State<Arc<Shared>>,
    Path((room, kind, key)): Path<(String, String, String)>,
) -> Result<Json<Value>, Refused> {
    shared.content_of(&room, &kind, &key)
}

async fn state_without_key(
    State(shared): State<Arc<Shared>>,
    Path((room, kind)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    shared.content_of(&room, &kind, "")
}

/// Profiles, typing, receipts, invitations: nothing that the torture looks at hangs on them.
async fn anything_else() -> Json<Value> {
    Json(json!({}))
}

impl Shared {
    fn people(&self, room: &str) -> Vec<String> {
        let known = self.cast.rooms.iter().find(|known| &*known.id == room);
        let users = known.map(|known| known.users.iter().map(|user| user.to_string()).collect());
        let mut people: Vec<String> = users.unwrap_or_default();
        people.push(self.bot.clone());
        people.sort();
        people.dedup();
        people
    }

    fn state_of(&self, room: &str) -> Vec<Value> {
        let event = |kind: &str, key: &str, content: Value| {
            json!({ "type": kind, "state_key": key, "content": content, "sender": self.bot, "room_id": room,
                    "event_id": format!("$state-{kind}-{key}"), "origin_server_ts": 1 })
        };
        let member = json!({ "membership": "join", "displayname": "Somebody" });
        let people = self.people(room);
        let mut state = vec![
            event("m.room.create", "", json!({ "room_version": "12" })),
            event("m.room.name", "", json!({ "name": "A room" })),
            event("m.room.power_levels", "", json!({ "users_default": 0, "events_default": 0 })),
        ];
        state.extend(people.iter().map(|user| event("m.room.member", user, member.clone())));
        state
    }

    fn content_of(&self, room: &str, kind: &str, key: &str) -> Result<Json<Value>, Refused> {
        let is =
            |event: &Value, field: &str, value: &str| event.get(field).and_then(Value::as_str) == Some(value);
        let found = self
            .state_of(room)
            .into_iter()
            .find(|event| is(event, "type", kind) && is(event, "state_key", key));
        let content = found.and_then(|event| event.get("content").cloned());
        content.map(Json).ok_or(Refused((404, "M_NOT_FOUND", "Event not found.")))
    }
}
