//! An application service that answers as it is told to, and writes down what it got.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::{any, put},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Status(u16),
    Empty,
    Text,
    List,
    Slow(Duration),
    Hang,
}

#[derive(Clone)]
pub(crate) struct Appservice {
    pub(crate) url: String,
    state: Arc<Mutex<(Mode, Vec<(String, Value)>)>>,
}

impl Appservice {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new((Mode::Status(200), Vec::new())));
        let appservice = Self { url, state };
        let app = Router::new()
            .route("/_matrix/app/v1/transactions/{id}", put(transaction))
            .fallback(any(other))
            .with_state(appservice.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        appservice
    }

    pub(crate) fn mode(&self, mode: Mode) {
        self.state.lock().unwrap().0 = mode;
    }

    /// Transactions as they came: ID and body.
    pub(crate) fn got(&self) -> Vec<(String, Value)> {
        self.state.lock().unwrap().1.clone()
    }

    pub(crate) fn clear(&self) {
        self.state.lock().unwrap().1.clear();
    }

    /// The words of all messages that came, in order.
    pub(crate) fn words(&self) -> Vec<String> {
        let got = self.got();
        let events = got.iter().flat_map(|(_, body)| body["events"].as_array().unwrap());
        events.filter_map(|event| event["content"]["body"].as_str().map(str::to_owned)).collect()
    }
}

async fn transaction(
    State(appservice): State<Appservice>,
    Path(id): Path<String>,
    body: axum::Json<Value>,
) -> Response {
    let mode = {
        let mut state = appservice.state.lock().unwrap();
        state.1.push((id, body.0));
        state.0.clone()
    };
    answer(mode).await
}

async fn other(State(appservice): State<Appservice>) -> Response {
    let mode = appservice.state.lock().unwrap().0.clone();
    answer(mode).await
}

async fn answer(mode: Mode) -> Response {
    let (status, body) = match mode {
        Mode::Status(status @ 200..=299) => (status, "{}"),
        Mode::Status(status) => {
            (status, "{\"errcode\": \"M_UNKNOWN\", \"error\": \"recorder told to fail\"}")
        }
        Mode::Empty => (200, ""),
        Mode::Text => (200, "hello"),
        Mode::List => (200, "[]"),
        Mode::Slow(time) => {
            tokio::time::sleep(time).await;
            (200, "{}")
        }
        Mode::Hang => std::future::pending().await,
    };
    let body = if status == 204 { "" } else { body };
    Response::builder().status(status).body(Body::from(body)).unwrap()
}
