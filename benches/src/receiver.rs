//! A CRM that takes the generic adapter's envelopes, played: it keeps a log of what it did, knows idempotency keys or
//! does not, takes its time, and lets whoever calls it die when the scenario wants that.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use patchbay_types::{Clock, Digest, Millis, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;

use crate::journal::{DeskLine, SentEvent};

/// What it is like to talk to.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// A second request under the same `Idempotency-Key` changes nothing.
    pub knows_keys: bool,
    /// From a request's end to its answer.
    pub answers_after: Duration,
}

/// When a caller is to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Its request has arrived, and nothing was done.
    BeforeTheEffect,
    /// It was done, and nothing was answered.
    AfterTheEffect,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The envelope's identifier.
    pub id: String,
    /// The envelope's type.
    pub kind: String,
    /// The ticket that it was done to, where there was one.
    pub ticket: String,
    /// When.
    pub at: Millis,
    /// The same, in microseconds since the receiver began to listen.
    pub micros: u64,
}

/// A receiver that listens.
#[derive(Clone)]
pub struct Receiver {
    /// Where.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Manner,
    begun: Instant,
    down: AtomicBool,
    requests: AtomicU64,
    state: Mutex<Done>,
    death: Mutex<Option<Death>>,
}

#[derive(Default)]
struct Done {
    log: Vec<Effect>,
    answers: HashMap<String, String>,
    made: u64,
}

struct Death {
    moment: Moment,
    /// Requests until then.
    left: u32,
    pid: u32,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    ticket: String,
}

// === impl Receiver ===

impl Receiver {
    /// Listens on any port until the runtime ends.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(manner: Manner) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("a receiver cannot listen")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            manner,
            begun: Instant::now(),
            down: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            state: Mutex::default(),
            death: Mutex::default(),
        });
        let app = Router::new().route("/", post(take)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, shared })
    }

    /// From now on it answers 503 to everything, or no longer.
    pub fn be_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::Relaxed);
    }

    /// The process `pid` dies with its nth request from now.
    pub fn kill_at(&self, moment: Moment, n: u32, pid: u32) {
        *lock(&self.shared.death) = Some(Death { moment, left: n, pid });
    }

    /// Nobody has to die any more.
    pub fn spare(&self) {
        *lock(&self.shared.death) = None;
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// What was done so far, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Effect> {
        lock(&self.shared.state).log.clone()
    }

    /// How many things were done so far.
    #[must_use]
    pub fn effects(&self) -> usize {
        lock(&self.shared.state).log.len()
    }

    /// How many messages were written.
    #[must_use]
    pub fn messages(&self) -> usize {
        lock(&self.shared.state).log.iter().filter(|effect| effect.kind == "message.append").count()
    }

    /// The messages in it as lines of a desk, each with the event of `sent` that it was made of.
    #[must_use]
    pub fn lines(&self, sent: &[SentEvent], adapter: &str) -> Vec<DeskLine> {
        let key = |event: &SentEvent| {
            // As the host makes `call.key` of a first delivery.
            let parts = [event.tenant.as_str(), adapter, event.event_id.as_str(), "0"];
            Digest::of_parts(parts.iter().map(|part| part.as_bytes())).to_string()
        };
        let events: HashMap<String, &str> = sent
            .iter()
            .map(|event| (key(event).chars().take(40).collect(), event.event_id.as_str()))
            .collect();
        let log = self.log();
        let messages = log.iter().filter(|effect| effect.kind == "message.append");
        let line = |effect: &Effect| {
            let key = effect.id.trim_end_matches("-message");
            let event_id = events.get(key).map_or(key, |event| *event).to_owned();
            DeskLine { event_id: Some(event_id), at: effect.at, ..DeskLine::default() }
        };
        messages.map(line).collect()
    }
}

// === impl Shared ===

impl Shared {
    /// Lets the caller die, if this is the moment; answers whether it was.
    fn ends(&self, moment: Moment) -> bool {
        let mut death = lock(&self.death);
        let Some(due) = death.as_mut().filter(|death| death.moment == moment) else { return false };
        due.left = due.left.saturating_sub(1);
        if due.left > 0 {
            return false;
        }
        let pid = i32::try_from(due.pid).ok().and_then(Pid::from_raw);
        *death = None;
        pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }

    fn effect(&self, envelope: Envelope, key: Option<&str>) -> String {
        let mut done = lock(&self.state);
        if let Some(before) = key.filter(|_| self.manner.knows_keys).and_then(|key| done.answers.get(key)) {
            return before.clone();
        }
        done.made += 1;
        let answer = format!("R-{}", done.made);
        if let Some(key) = key {
            done.answers.insert(key.to_owned(), answer.clone());
        }
        done.log.push(Effect {
            id: envelope.id,
            kind: envelope.kind,
            ticket: envelope.data.ticket,
            at: SystemClock.now(),
            micros: u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        });
        answer
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    if shared.down.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if shared.ends(Moment::BeforeTheEffect) {
        // To a caller that is dead nothing is answered; one that is not quite will read nothing either.
        return std::future::pending().await;
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let id = shared.effect(envelope, key);
    if shared.ends(Moment::AfterTheEffect) {
        return std::future::pending().await;
    }
    tokio::time::sleep(shared.manner.answers_after).await;
    Json(json!({ "id": id })).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
