//! A target that stands in for the host: the limit that no host can pass (it only answers), and the flawed ones by which
//! generator and checker prove that they see what they are there to see.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{get, put},
};
use clap::ValueEnum;
use patchbay_types::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::journal::DeskLine;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Flaw {
    /// It reads the body and answers `{}`: the physical limit of an answer over this HTTP stack.
    Null,
    /// Nothing: each event once, in order, kept in memory.
    None,
    /// Every 50th event is forgotten after it was answered.
    Loses,
    /// Repeated events are not recognised.
    Doubles,
    /// Events of one transaction are written back to front.
    Reorders,
    /// Every third transaction is kept, and answered with an error.
    Fails,
}

/// A target that listens.
#[derive(Clone)]
pub struct StandIn {
    /// Where.
    pub address: SocketAddr,
    kept: Arc<Kept>,
}

struct Kept {
    flaw: Flaw,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    transactions: u64,
    known: HashSet<String>,
    lines: Vec<DeskLine>,
}

#[derive(Deserialize)]
struct Body {
    events: Vec<Head>,
}

#[derive(Deserialize)]
struct Head {
    event_id: String,
    room_id: String,
    #[serde(rename = "type")]
    kind: String,
    content: Value,
}

// === impl StandIn ===

impl StandIn {
    /// Listens at `address` (port 0: any) until the runtime ends.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(address: SocketAddr, flaw: Flaw) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Kept { flaw, desk: Mutex::default() });
        let app = Router::new()
            .route("/_matrix/app/v1/transactions/{txn}", put(transaction))
            .route("/admin/v1/desk/lines", get(lines))
            .layer(DefaultBodyLimit::max(64 << 20))
            .with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, kept })
    }

    /// Its desk's lines.
    #[must_use]
    pub fn lines(&self) -> Vec<DeskLine> {
        self.kept.desk().lines.clone()
    }
}

// === impl Kept ===

impl Kept {
    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn transaction(State(kept): State<Arc<Kept>>, body: Bytes) -> Result<Json<Value>, StatusCode> {
    if kept.flaw == Flaw::Null {
        return Ok(Json(json!({})));
    }
    let mut body: Body = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if kept.flaw == Flaw::Reorders {
        body.events.reverse();
    }
    let mut desk = kept.desk();
    desk.transactions += 1;
    for event in body.events {
        desk.keep(kept.flaw, event);
    }
    if kept.flaw == Flaw::Fails && desk.transactions.is_multiple_of(3) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(Json(json!({})))
}

async fn lines(State(kept): State<Arc<Kept>>) -> String {
    let lines = kept.desk().lines.clone();
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}

impl Desk {
    fn keep(&mut self, flaw: Flaw, event: Head) {
        let new = self.known.insert(event.event_id.clone());
        let relation = event.content.pointer("/m.relates_to/rel_type").and_then(Value::as_str);
        let shown =
            matches!(event.kind.as_str(), "m.room.message" | "m.sticker") && relation != Some("m.replace");
        let own = event.event_id.starts_with("$echo");
        if !shown || own || !(new || flaw == Flaw::Doubles) {
            return;
        }
        let id = self.lines.len() as u64 + 1;
        if flaw == Flaw::Loses && self.known.len().is_multiple_of(50) {
            return;
        }
        self.lines.push(DeskLine {
            id,
            ticket: event.room_id.clone(),
            room: Some(event.room_id),
            event_id: Some(event.event_id),
            text: event.content.get("body").and_then(Value::as_str).map(str::to_owned),
            attributes: Value::Null,
            at: SystemClock.now(),
        });
    }
}
