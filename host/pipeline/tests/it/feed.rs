//! A CRM that can be asked what is new, as `fixtures/guests/poll-adapter` asks it, and that answers as well or as badly as
//! a test wants.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use patchbay_pipeline::{Pipeline, PollStatus};
use patchbay_plugin::webhooks::Webhook;
use patchbay_storage::NewHook;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::house::{House, NOW, tenant};

/// A CRM that listens.
#[derive(Clone)]
pub(crate) struct Feed {
    address: SocketAddr,
    state: Arc<Mutex<Seen>>,
    /// Polls are answered while this says so, and signals of this ticket are not.
    open: Arc<watch::Sender<bool>>,
    hangs: Arc<watch::Sender<Option<String>>>,
}

#[derive(Default)]
struct Seen {
    /// Answers to the next polls; then there is nothing new.
    pages: VecDeque<Value>,
    /// Or this, for ever; `{n}` is the number of the poll.
    always: Option<String>,
    down: bool,
    /// Signals of these kinds are answered 501.
    refuses: Vec<String>,
    /// What each poll began with.
    cursors: Vec<Option<String>>,
    appended: Vec<String>,
    notified: Vec<Value>,
    probes: usize,
}

impl Feed {
    pub(crate) async fn start() -> Self {
        let feed = Self {
            address: ([127, 0, 0, 1], 0).into(),
            state: Arc::default(),
            open: Arc::new(watch::Sender::new(true)),
            hangs: Arc::new(watch::Sender::new(None)),
        };
        let listener = tokio::net::TcpListener::bind(feed.address).await.unwrap();
        let feed = Self { address: listener.local_addr().unwrap(), ..feed };
        let app = Router::new().route("/{what}", post(take)).with_state(feed.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        feed
    }

    /// The next poll is answered so.
    pub(crate) fn page(&self, cursor: &str, entries: &[Value], more: bool) {
        self.answer(json!({ "cursor": cursor, "entries": entries, "more": more }));
    }

    pub(crate) fn answer(&self, answer: Value) {
        self.state.lock().unwrap().pages.push_back(answer);
    }

    /// Each poll is answered so; `{n}` is its number.
    pub(crate) fn always(&self, answer: &Value) {
        self.state.lock().unwrap().always = Some(answer.to_string());
    }

    pub(crate) fn be_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    pub(crate) fn refuse_signals(&self, kind: &str) {
        self.state.lock().unwrap().refuses.push(kind.to_owned());
    }

    /// Polls are kept waiting, or not any longer.
    pub(crate) fn hang(&self, hangs: bool) {
        self.open.send_replace(!hangs);
    }

    /// Signals of this ticket are kept waiting.
    pub(crate) fn hang_signals(&self, ticket: Option<&str>) {
        self.hangs.send_replace(ticket.map(str::to_owned));
    }

    /// What each poll began with, in order.
    pub(crate) fn cursors(&self) -> Vec<Option<String>> {
        self.state.lock().unwrap().cursors.clone()
    }

    pub(crate) fn polls(&self) -> usize {
        self.state.lock().unwrap().cursors.len()
    }

    pub(crate) fn probes(&self) -> usize {
        self.state.lock().unwrap().probes
    }

    /// The words of what was delivered.
    pub(crate) fn appended(&self) -> Vec<String> {
        self.state.lock().unwrap().appended.clone()
    }

    /// The signals that it was told of.
    pub(crate) fn notified(&self) -> Vec<Value> {
        self.state.lock().unwrap().notified.clone()
    }

    /// The adapter in a tenant's file; `more` are further lines of it.
    pub(crate) fn adapter(&self, name: &str, more: &str) -> String {
        let address = self.address;
        format!(
            "[adapters.{name}]\ncomponent = 'poll-adapter'\n\
             grants = {{ http = [{{ url = 'http://{address}', addresses = ['127.0.0.1'] }}] }}\n{more}\n\
             [adapters.{name}.settings]\nurl = 'http://{address}/'\n",
        )
    }
}

async fn take(State(feed): State<Feed>, Path(what): Path<String>, Json(asked): Json<Value>) -> Response {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let (mut open, mut hangs) = (feed.open.subscribe(), feed.hangs.subscribe());
    let asked_of = text("ticket");
    let answer = {
        let mut seen = feed.state.lock().unwrap();
        if what == "poll" {
            seen.cursors.push(asked["cursor"].as_str().map(str::to_owned));
        }
        if what == "notify" && seen.down {
            seen.notified.push(json!("it was down"));
        }
        seen.probes += usize::from(what == "probe");
        if seen.down {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        match what.as_str() {
            "poll" => {
                let n = seen.cursors.len();
                let always = seen.always.as_ref().map(|answer| answer.replace("{n}", &n.to_string()));
                let always = always.map(|answer| serde_json::from_str(&answer).unwrap());
                always
                    .or_else(|| seen.pages.pop_front())
                    .unwrap_or_else(|| json!({ "cursor": asked["cursor"].as_str().unwrap_or("0") }))
            }
            "append" => {
                seen.appended.push(text("words"));
                json!({})
            }
            "notify" => {
                if seen.refuses.contains(&text("kind")) {
                    seen.notified.push(json!({ "refused": text("kind") }));
                    return StatusCode::NOT_IMPLEMENTED.into_response();
                }
                seen.notified.push(asked);
                json!({})
            }
            _ => json!({}),
        }
    };
    if what == "poll" {
        let _ = open.wait_for(|open| *open).await;
    } else if what == "notify" {
        let ticket = asked_of;
        let _ = hangs.wait_for(|hangs| hangs.as_ref() != Some(&ticket)).await;
    }
    Json(answer).into_response()
}

/// Words of an agent in a ticket.
pub(crate) fn said(id: &str, ticket: &str, words: &str) -> Value {
    json!({ "id": id, "ticket": ticket, "words": words })
}

/// A tenant whose rooms `!a:h` and `!b:h` go to the first of these adapters.
pub(crate) fn file(adapters: &[(&str, String)]) -> String {
    let to = json!({ "default": [{ "adapter": adapters[0].0 }] });
    let adapters: String = adapters.iter().map(|(_, lines)| lines.as_str()).collect();
    format!("{}\n{adapters}", tenant("link = ['!a:h', '!b:h']", &to))
}

/// A house with one tenant and one such CRM.
pub(crate) async fn house(feed: &Feed) -> House {
    house_of(file(&[("crm", feed.adapter("crm", ""))])).await
}

/// A house whose tenant has this file, and which knows whom it may ask.
pub(crate) async fn house_of(file: String) -> House {
    let house = House::new(&[("acme", file)]).await;
    until_known(&house).await;
    house
}

pub(crate) async fn until_known(house: &House) {
    house.until("it is known who can be asked", async || !house.pipeline.polls().is_empty()).await;
}

/// A webhook that tells this.
pub(crate) async fn webhook(house: &House, adapter: &str, key: &str, told: &Value) {
    let webhook = Webhook {
        method: "POST".into(),
        url: "https://hooks.example.org/hooks/acme/crm/G9snPu2eB2NfyhFm6XTRPq0r_iLjDfu5".into(),
        headers: Vec::new(),
        body: told.to_string().into_bytes(),
    };
    let hook = NewHook {
        tenant: "acme".into(),
        adapter: adapter.into(),
        key: key.into(),
        body: Pipeline::pack(&webhook),
        desk: Vec::new(),
        at: NOW,
        unasked: None,
        trace: Vec::new(),
    };
    assert!(house.pipeline.hook(hook).await.unwrap());
}

/// How asking goes.
pub(crate) fn status(house: &House) -> PollStatus {
    house.pipeline.polls().remove(0)
}

/// Waits until this entry is there, and was shown or set aside.
pub(crate) async fn until_entered(house: &House, entry: &str) {
    house
        .until(entry, async || {
            let why = house.store.why(entry).await.unwrap();
            let mut steps = why.traces.iter().flat_map(|trace| &trace.steps);
            !why.parked.is_empty()
                || steps.any(|step| step.name == "mapper.to-matrix" || step.outcome == "ignored")
        })
        .await;
}
