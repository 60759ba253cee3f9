//! What an application service does: it registers ghosts, gives them devices, joins and sends.

use std::sync::Arc;

use axum::{
    Json,
    extract::{OriginalUri, Path, Query, State},
    http::StatusCode,
};
use patchbay_types::{Clock, SystemClock};
use serde_json::{Value, json};

use super::{Params, Refused, Shared};
use crate::{homeserver::ledger::Asked, journal::MatrixSend};

pub(super) async fn whoami(
    State(shared): State<Arc<Shared>>,
    Query(params): Params,
) -> Result<Json<Value>, Refused> {
    Ok(Json(json!({ "user_id": shared.actor(&params)?, "is_guest": false })))
}

pub(super) async fn register(
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

pub(super) async fn device(
    State(shared): State<Arc<Shared>>,
    Path(device): Path<String>,
    Query(params): Params,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let user = shared.actor(&params)?;
    let new = shared.ledger().device(&user, &device);
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(json!({}))))
}

pub(super) async fn join(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    Query(params): Params,
) -> Result<Json<Value>, Refused> {
    shared.actor(&params)?;
    Ok(Json(json!({ "room_id": room })))
}

pub(super) async fn joined_rooms(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let rooms: Vec<&str> = shared.cast.rooms.iter().map(|room| &*room.id).collect();
    Json(json!({ "joined_rooms": rooms }))
}

pub(super) async fn send(
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

/// Profiles, typing, receipts, invitations: nothing that the torture looks at hangs on them.
pub(super) async fn anything_else() -> Json<Value> {
    Json(json!({}))
}
