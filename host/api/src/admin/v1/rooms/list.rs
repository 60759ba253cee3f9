//! `GET /admin/v1/rooms`: every room that a homeserver told of, whose it is, and what decided that. What nobody's rooms
//! have in common is that no tenant claims them, or that two could.

use axum::{Json, extract::State};
use patchbay_storage::{Room, Store};
use patchbay_types::{RegistrationId, RoomId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admin::answer::{Answer, Query};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::admin) struct Wanted {
    tenant: Option<TenantId>,
    after: RoomId,
    limit: u32,
}

/// A page of rooms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rooms {
    /// In the order of their IDs.
    pub rooms: Vec<Seen>,
    /// The room ID to go on behind; nothing where this was all.
    pub next: Option<RoomId>,
}

/// A room as one registration sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The room.
    pub room_id: RoomId,
    /// The registration whose homeserver told of it.
    pub registration: RegistrationId,
    /// Whose it is; nobody's where absent.
    pub tenant: Option<TenantId>,
    /// What decided that, such as `link` or `alias`.
    pub decided_by: String,
    /// `m.room.name`, where it has one.
    pub name: Option<String>,
    /// What is said in it cannot be read.
    pub encrypted: bool,
    /// How many have joined.
    pub members: u64,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    Query(wanted): Query<Wanted>,
) -> Answer<Rooms> {
    let limit = wanted.limit.clamp(1, 1000);
    let rows = store.rooms(wanted.tenant.as_ref(), &wanted.after, limit).await?;
    let full = rows.len() == limit as usize;
    let rooms: Vec<Seen> = rows.into_iter().map(Seen::from).collect();
    let next = rooms.last().map(|room| room.room_id.clone()).filter(|_| full);
    Ok(Json(Rooms { rooms, next }))
}

// === impl Seen ===

impl From<Room> for Seen {
    fn from(row: Room) -> Self {
        // The pipeline's own JSON: what this does not find there, it does not show.
        let state: Value = serde_json::from_str(&row.state).unwrap_or_default();
        Self {
            room_id: row.room_id,
            registration: row.registration,
            tenant: row.tenant,
            decided_by: row.decided_by,
            name: state.get("name").and_then(Value::as_str).map(str::to_owned),
            encrypted: state.get("encrypted").and_then(Value::as_bool).unwrap_or(false),
            members: state.get("joined").and_then(Value::as_u64).unwrap_or(0),
        }
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self { tenant: None, after: RoomId::new(""), limit: 100 }
    }
}
