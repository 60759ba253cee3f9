//! What an application service asks about rooms: who is in them, and their state.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{Refused, Shared};

pub(super) async fn state(State(shared): State<Arc<Shared>>, Path(room): Path<String>) -> Json<Value> {
    Json(Value::Array(shared.state_of(&room)))
}

pub(super) async fn members(State(shared): State<Arc<Shared>>, Path(room): Path<String>) -> Json<Value> {
    let mut chunk = shared.state_of(&room);
    chunk.retain(|event| event.get("type").and_then(Value::as_str) == Some("m.room.member"));
    Json(json!({ "chunk": chunk }))
}

pub(super) async fn joined_members(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
) -> Json<Value> {
    let joined: serde_json::Map<String, Value> =
        shared.people(&room).into_iter().map(|user| (user, json!({ "display_name": "Somebody" }))).collect();
    Json(json!({ "joined": joined }))
}

pub(super) async fn one_state(
    State(shared): State<Arc<Shared>>,
    Path((room, kind, key)): Path<(String, String, String)>,
) -> Result<Json<Value>, Refused> {
    shared.content_of(&room, &kind, &key)
}

pub(super) async fn state_without_key(
    State(shared): State<Arc<Shared>>,
    Path((room, kind)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    shared.content_of(&room, &kind, "")
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
