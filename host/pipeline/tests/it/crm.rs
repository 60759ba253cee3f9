//! A CRM that takes the generic adapter's envelopes, as well or as badly as a test wants.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

/// What is answered to a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// It is done.
    Do,
    /// It is not, with a status and a `Retry-After` in seconds.
    Refuse(u16, Option<u64>),
    /// It is done, and nobody ever hears of it.
    DoAndHang,
    /// It is done, and the answer that says so cannot be read.
    DoAndGarble,
}

/// A CRM that listens.
#[derive(Clone)]
pub(crate) struct Crm {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// For requests whose envelope is of this type; then [`Act::Do`].
    acts: VecDeque<(String, Act)>,
    /// Words that it cannot bear: 500, each time.
    unbearable: Option<String>,
    down: bool,
    /// Each request: its type, its words where it has some, and its `Idempotency-Key`.
    requests: Vec<(String, String, String)>,
    done: Vec<(String, String)>,
}

impl Crm {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(Seen::default()));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/", post(take)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, state }
    }

    /// The next request of this type is answered so.
    pub(crate) fn next(&self, kind: &str, act: Act) {
        self.state.lock().unwrap().acts.push_back((kind.into(), act));
    }

    /// These words break it, whenever they come.
    pub(crate) fn cannot_bear(&self, words: &str) {
        self.state.lock().unwrap().unbearable = Some(words.into());
    }

    /// The words of all requests of a type, in order.
    pub(crate) fn asked(&self, kind: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.requests.iter().filter(|request| request.0 == kind).map(|request| request.1.clone()).collect()
    }

    pub(crate) fn be_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// The types of all requests, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.iter().map(|(kind, ..)| kind.clone()).collect()
    }

    /// How many keys the requests of a type came under.
    pub(crate) fn keys(&self, kind: &str) -> usize {
        let state = self.state.lock().unwrap();
        let keys = state.requests.iter().filter(|request| request.0 == kind).map(|request| &request.2);
        keys.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// The words of what was done, in order.
    pub(crate) fn words(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state
            .done
            .iter()
            .filter(|(kind, _)| kind == "message.append")
            .map(|(_, words)| words.clone())
            .collect()
    }
}

async fn take(
    State(state): State<Arc<Mutex<Seen>>>,
    headers: HeaderMap,
    Json(envelope): Json<Value>,
) -> Response {
    let text = |at: &str| envelope.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, words) = (text("/type"), text("/data/text"));
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned()).unwrap_or_default();
    let (act, n) = {
        let mut state = state.lock().unwrap();
        state.requests.push((kind.clone(), words.clone(), key));
        let act = match state.acts.front() {
            _ if state.down => Act::Refuse(503, None),
            _ if state.unbearable.as_ref() == Some(&words) => Act::Refuse(500, None),
            Some((wanted, _)) if *wanted == kind => state.acts.pop_front().unwrap().1,
            _ => Act::Do,
        };
        if !matches!(act, Act::Refuse(..)) {
            state.done.push((kind, words));
        }
        (act, state.done.len())
    };
    match act {
        Act::Do => Json(json!({ "id": format!("R-{n}") })).into_response(),
        Act::Refuse(status, after) => {
            let after: Vec<_> =
                after.map(|seconds| ("retry-after", seconds.to_string())).into_iter().collect();
            (StatusCode::from_u16(status).unwrap(), axum::response::AppendHeaders(after)).into_response()
        }
        Act::DoAndHang => std::future::pending().await,
        Act::DoAndGarble => ([("content-encoding", "gzip")], "this is no gzip").into_response(),
    }
}
