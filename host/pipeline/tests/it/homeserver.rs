//! A homeserver as far as the pipeline calls one, with the habits that the captures show: it remembers transaction IDs by
//! device, and those without one until it is restarted; it refuses who is not in a room; a room that it refuses half-way
//! is there all the same, with its alias.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::house::NOW;

pub(crate) const BOT: &str = "@patchbay:localhost";

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is done, and nobody ever hears of it.
    DoAndDrop,
    /// It is refused with this status, and a Matrix error.
    Refuse(u16, &'static str),
    /// A room is half made before that is noticed.
    HalfMake,
}

#[derive(Clone)]
pub(crate) struct Homeserver {
    pub(crate) url: String,
    state: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    rooms: BTreeMap<String, Room>,
    aliases: BTreeMap<String, String>,
    devices: BTreeSet<(String, String)>,
    names: BTreeMap<String, String>,
    /// By user, device, room and transaction.
    remembered: HashMap<(String, Option<String>, String, String), String>,
    makes_no_devices: bool,
    troubles: VecDeque<(&'static str, Trouble)>,
    asked: Vec<String>,
    events: u64,
}

#[derive(Default)]
struct Room {
    state: BTreeMap<(String, String), Value>,
    /// Oldest first.
    timeline: Vec<Value>,
}

// === impl Homeserver ===

impl Homeserver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let homeserver = Self { url, state: Arc::default() };
        let app = Router::new().fallback(answer).with_state(Arc::clone(&homeserver.state));
        tokio::spawn(async move { axum::serve(listener, app).await });
        homeserver
    }

    /// From now on no device can be made.
    pub(crate) fn makes_no_devices(&self) {
        self.state.lock().unwrap().makes_no_devices = true;
    }

    /// The next request whose path has this in it.
    pub(crate) fn next(&self, path: &'static str, trouble: Trouble) {
        self.state.lock().unwrap().troubles.push_back((path, trouble));
    }

    /// What it kept in memory alone is gone.
    pub(crate) fn restarts(&self) {
        self.state.lock().unwrap().remembered.retain(|key, _| key.1.is_some());
    }

    /// Somebody deletes all devices; what was sent with them is forgotten.
    pub(crate) fn deletes_devices(&self) {
        let mut state = self.state.lock().unwrap();
        state.devices.clear();
        state.remembered.retain(|key, _| key.1.is_none());
    }

    /// A room that is there, with these people in it.
    pub(crate) fn room(&self, room: &str, joined: &[&str]) {
        let mut state = self.state.lock().unwrap();
        let room = state.rooms.entry(room.to_owned()).or_default();
        for user in joined {
            room.set("m.room.member", user, user, json!({ "membership": "join" }));
        }
    }

    /// Somebody says something.
    pub(crate) fn say(&self, room: &str, sender: &str, content: Value) {
        let mut state = self.state.lock().unwrap();
        let event = state.event("m.room.message", sender, content);
        state.rooms.get_mut(room).unwrap().timeline.push(event);
    }

    /// What was said in a room, in order.
    pub(crate) fn events(&self, room: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state.rooms.get(room).map(|room| room.timeline.clone()).unwrap_or_default()
    }

    /// The messages of a room, in order.
    pub(crate) fn messages(&self, room: &str) -> Vec<Value> {
        self.events(room).into_iter().filter(|event| event["type"] == "m.room.message").collect()
    }

    /// One piece of a room's state.
    pub(crate) fn state_of(&self, room: &str, kind: &str, key: &str) -> Option<Value> {
        let state = self.state.lock().unwrap();
        let event = state.rooms.get(room)?.state.get(&(kind.to_owned(), key.to_owned()))?;
        Some(event["content"].clone())
    }

    /// The rooms that were made here, by alias.
    pub(crate) fn made(&self) -> BTreeMap<String, String> {
        self.state.lock().unwrap().aliases.clone()
    }

    pub(crate) fn name_of(&self, user: &str) -> Option<String> {
        self.state.lock().unwrap().names.get(user).cloned()
    }

    /// How many requests had this in their path.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.contains(path)).count()
    }
}

// === impl Room ===

impl Room {
    fn set(&mut self, kind: &str, key: &str, sender: &str, content: Value) {
        let event = json!({ "type": kind, "state_key": key, "sender": sender, "content": content,
            "event_id": format!("$state-{kind}-{key}"), "origin_server_ts": NOW });
        self.state.insert((kind.to_owned(), key.to_owned()), event);
    }

    fn membership(&self, user: &str) -> Option<&str> {
        let member = self.state.get(&("m.room.member".to_owned(), user.to_owned()))?;
        member["content"]["membership"].as_str()
    }
}

type Answer = Result<Value, (u16, &'static str, String)>;

fn refused(status: u16, errcode: &'static str) -> (u16, &'static str, String) {
    (status, errcode, "refused".to_owned())
}

// === impl Inner ===

impl Inner {
    fn event(&mut self, kind: &str, sender: &str, content: Value) -> Value {
        self.events += 1;
        json!({ "type": kind, "sender": sender, "content": content, "event_id": format!("${}", self.events),
            "origin_server_ts": NOW + self.events })
    }

    fn act(
        &mut self,
        method: &Method,
        path: &[String],
        user: &str,
        device: Option<String>,
        body: &Value,
    ) -> Answer {
        if let Some(device) = &device
            && !self.devices.contains(&(user.to_owned(), device.clone()))
        {
            return Err(refused(400, "M_UNKNOWN_DEVICE"));
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["versions"] => Ok(json!({ "versions": ["v1.1", "v1.11"] })),
            ["register"] => Ok(json!({ "user_id": user })),
            ["login"] => Err(refused(400, "M_UNKNOWN")),
            ["devices", _] if self.makes_no_devices => Err(refused(404, "M_UNRECOGNIZED")),
            ["devices", device] => {
                self.devices.insert((user.to_owned(), (*device).to_owned()));
                Ok(json!({}))
            }
            ["profile", of, "displayname"] => {
                let name = body["displayname"].as_str().unwrap().to_owned();
                self.names.insert((*of).to_owned(), name);
                Ok(json!({}))
            }
            ["createRoom"] => self.create(user, body),
            ["directory", "room", alias] => match self.aliases.get(*alias) {
                Some(room) => Ok(json!({ "room_id": room, "servers": ["localhost"] })),
                None => Err(refused(404, "M_NOT_FOUND")),
            },
            ["rooms", room, rest @ ..] => self.in_room(method, room, rest, user, device, body),
            other => panic!("nobody taught the double {other:?}"),
        }
    }

    fn create(&mut self, user: &str, body: &Value) -> Answer {
        let alias = format!("#{}:localhost", body["room_alias_name"].as_str().unwrap());
        if self.aliases.contains_key(&alias) {
            return Err(refused(400, "M_ROOM_IN_USE"));
        }
        assert!(body.get("invite").is_none() && body.get("power_level_content_override").is_none(), "{body}");
        let id = format!("!made{}", self.rooms.len());
        self.aliases.insert(alias, id.clone());
        let mut room = Room::default();
        room.set("m.room.create", "", user, json!({ "room_version": "12" }));
        room.set("m.room.member", user, user, json!({ "membership": "join" }));
        let half = self.troubles.front().is_some_and(|(_, trouble)| *trouble == Trouble::HalfMake);
        if half {
            self.troubles.pop_front();
            self.rooms.insert(id, room);
            return Err(refused(400, "M_UNKNOWN"));
        }
        room.set("m.room.power_levels", "", user, json!({ "users": {}, "events_default": 0, "invite": 0 }));
        room.set("m.room.join_rules", "", user, json!({ "join_rule": "invite" }));
        room.set("m.room.history_visibility", "", user, json!({ "history_visibility": "shared" }));
        for (key, kind) in [("name", "m.room.name"), ("topic", "m.room.topic")] {
            if body[key].is_string() {
                room.set(kind, "", user, json!({ key: body[key] }));
            }
        }
        self.rooms.insert(id.clone(), room);
        Ok(json!({ "room_id": id }))
    }

    fn in_room(
        &mut self,
        method: &Method,
        id: &str,
        rest: &[&str],
        user: &str,
        device: Option<String>,
        body: &Value,
    ) -> Answer {
        let Some(room) = self.rooms.get_mut(id) else { return Err(refused(403, "M_FORBIDDEN")) };
        if let ["join"] = rest {
            if !matches!(room.membership(user), Some("invite" | "join")) {
                return Err(refused(403, "M_FORBIDDEN"));
            }
            room.set("m.room.member", user, user, json!({ "membership": "join" }));
            return Ok(json!({ "room_id": id }));
        }
        if room.membership(user) != Some("join") {
            return Err(refused(403, "M_FORBIDDEN"));
        }
        match rest {
            ["state"] => Ok(room.state.values().cloned().collect()),
            ["state", kind, key @ ..] => {
                if *kind == "m.room.power_levels" && body["users"].get(BOT).is_some() {
                    return Err((
                        400,
                        "M_UNKNOWN",
                        "Creator user must not appear in content.users".to_owned(),
                    ));
                }
                room.set(kind, key.first().unwrap_or(&""), user, body.clone());
                Ok(json!({ "event_id": "$state" }))
            }
            ["invite"] => {
                let invited = body["user_id"].as_str().unwrap();
                if room.membership(invited) == Some("join") {
                    return Err((403, "M_FORBIDDEN", format!("{invited} is already in the room.")));
                }
                room.set("m.room.member", invited, user, json!({ "membership": "invite" }));
                Ok(json!({}))
            }
            ["messages"] => {
                let chunk: Vec<Value> = room.timeline.iter().rev().cloned().collect();
                Ok(json!({ "start": "s", "chunk": chunk }))
            }
            ["send", kind, txn] => self.say_once(kind, id, user, device, txn, body.clone()),
            ["redact", target, txn] => {
                let mut content = body.clone();
                content["redacts"] = (*target).into();
                self.say_once("m.room.redaction", id, user, device, txn, content)
            }
            other => panic!("nobody taught the double {method} {other:?}"),
        }
    }

    fn say_once(
        &mut self,
        kind: &str,
        room: &str,
        user: &str,
        device: Option<String>,
        txn: &str,
        content: Value,
    ) -> Answer {
        let key = (user.to_owned(), device, room.to_owned(), txn.to_owned());
        if let Some(event) = self.remembered.get(&key) {
            return Ok(json!({ "event_id": event }));
        }
        let event = self.event(kind, user, content);
        let id = event["event_id"].as_str().unwrap().to_owned();
        self.remembered.insert(key, id.clone());
        self.rooms.get_mut(room).unwrap().timeline.push(event);
        Ok(json!({ "event_id": id }))
    }
}

async fn answer(State(state): State<Arc<Mutex<Inner>>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let url = url::Url::parse(&format!("http://h{uri}")).unwrap();
    let decoded = |part: &str| {
        // In a path these are themselves.
        let part = part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
        url::form_urlencoded::parse(part.as_bytes()).map(|(key, _)| key.into_owned()).collect::<String>()
    };
    let path: Vec<String> = url.path_segments().unwrap().map(decoded).collect();
    let rest: Vec<String> = path.into_iter().skip(2).filter(|part| part != "v3" && part != "r0").collect();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let user = query.get("user_id").cloned().unwrap_or_else(|| BOT.to_owned());
    let device = query.get("device_id").cloned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (answer, drop_it) = {
        let mut state = state.lock().unwrap();
        let asked = format!("{method} /{}", rest.join("/"));
        let trouble = match state.troubles.front() {
            Some((path, trouble)) if asked.contains(path) && *trouble != Trouble::HalfMake => {
                let trouble = *trouble;
                state.troubles.pop_front();
                Some(trouble)
            }
            _ => None,
        };
        state.asked.push(asked);
        match trouble {
            Some(Trouble::Refuse(status, errcode)) => (Err(refused(status, errcode)), false),
            trouble => (state.act(&method, &rest, &user, device, &body), trouble == Some(Trouble::DoAndDrop)),
        }
    };
    if drop_it {
        // Longer than the client's patience.
        std::future::pending::<()>().await;
    }
    match answer {
        Ok(value) => axum::Json(value).into_response(),
        Err((status, errcode, error)) => {
            let body = axum::Json(json!({ "errcode": errcode, "error": error }));
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
    }
}
