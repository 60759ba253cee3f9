//! A homeserver as far as the host calls one: it takes everything, and remembers what was said in which room.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::put,
};
use serde_json::{Value, json};

/// Something that was said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) room: String,
    pub(crate) sender: String,
    pub(crate) event_type: String,
    pub(crate) txn: String,
    pub(crate) content: Value,
}

/// The homeserver.
#[derive(Clone, Default)]
pub(crate) struct Homeserver {
    said: Arc<Mutex<Vec<Said>>>,
    events: Arc<AtomicU64>,
}

#[derive(serde::Deserialize)]
struct As {
    user_id: Option<String>,
}

// === impl Homeserver ===

impl Homeserver {
    /// Starts one; answers its address too.
    pub(crate) async fn start() -> (Self, String) {
        let homeserver = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/_matrix/client/v3/rooms/{room}/send/{event_type}/{txn}", put(send))
            .fallback(async || Json(whatever()))
            .with_state(homeserver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (homeserver, at)
    }

    /// What was said so far, each transaction once.
    pub(crate) fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }
}

/// An answer to every other question.
fn whatever() -> Value {
    json!({ "versions": ["v1.1", "v1.11"], "room_id": "!made", "user_id": "@made:localhost", "device_id": "PATCHBAY",
        "event_id": "$state", "joined": {}, "chunk": [] })
}

async fn send(
    State(homeserver): State<Homeserver>,
    Path((room, event_type, txn)): Path<(String, String, String)>,
    Query(As { user_id }): Query<As>,
    Json(content): Json<Value>,
) -> Json<Value> {
    let n = homeserver.events.fetch_add(1, Ordering::SeqCst);
    let sender = user_id.unwrap_or_else(|| "the bot".to_owned());
    homeserver.said.lock().unwrap().push(Said { room, sender, event_type, txn, content });
    Json(json!({ "event_id": format!("$sent{n}") }))
}
