//! A double of a homeserver: it gives the captured answers by name, one after the other, and keeps what it was asked.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
};
use patchbay_matrix::{Client, ClientOptions, Intent, http_client};
use patchbay_types::UserId;
use serde_json::Value;
use tokio::net::TcpListener;

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
}

pub(crate) struct Homeserver {
    pub(crate) url: String,
    state: Arc<Double>,
}

#[derive(Default)]
struct Double {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    under_way: AtomicUsize,
    peak: AtomicUsize,
}

/// Status, headers, body.
pub(crate) type Answer = (u16, HeaderMap, Vec<u8>);

impl Homeserver {
    /// Answers `/versions`, and then these, by the names that the captures have.
    pub(crate) async fn answering(names: &[&str]) -> Self {
        Self::with(std::iter::once(&"versions").chain(names).map(|name| captured(name)).collect()).await
    }

    pub(crate) async fn with(answers: Vec<Answer>) -> Self {
        let state = Arc::new(Double { answers: Mutex::new(answers.into()), ..Double::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub(crate) fn client(&self) -> Client {
        let http = http_client::build(Duration::from_secs(30)).unwrap();
        Client::new(http, ClientOptions::new(&self.url, "AS_TOKEN"))
    }

    /// The ghost of the captures.
    pub(crate) fn ghost(&self) -> Intent {
        self.client().act_as(&UserId::from("@_crm_alice:localhost"), None).unwrap()
    }

    /// What it was asked, without `/versions`.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let asked = self.state.asked.lock().unwrap();
        asked.iter().filter(|asked| !asked.uri.ends_with("/versions")).cloned().collect()
    }

    /// The most requests that were under way at once.
    pub(crate) fn peak(&self) -> usize {
        self.state.peak.load(Ordering::SeqCst)
    }

    pub(crate) fn last(&self) -> Asked {
        self.asked().pop().unwrap()
    }
}

/// The request and the answer of this name.
pub(crate) fn capture(name: &str) -> Value {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../../../../fixtures/matrix/cs-api.json")).unwrap();
    all.into_iter().find(|capture| capture["name"] == name).unwrap_or_else(|| panic!("no capture `{name}`"))
}

pub(crate) fn captured(name: &str) -> Answer {
    let answer = &capture(name)["response"];
    let mut headers = HeaderMap::new();
    if let Some(wait) = answer["headers"]["Retry-After"].as_str() {
        headers.insert("retry-after", wait.parse().unwrap());
    }
    let status = answer["status"].as_u64().unwrap();
    (u16::try_from(status).unwrap(), headers, answer["body"].to_string().into_bytes())
}

async fn answer(
    State(double): State<Arc<Double>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let under_way = double.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    double.peak.fetch_max(under_way, Ordering::SeqCst);
    // Long enough for whatever else is under way to arrive.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    double.under_way.fetch_sub(1, Ordering::SeqCst);
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let asked = Asked { method, uri: uri.to_string(), token: token.map(str::to_owned), body };
    double.asked.lock().unwrap().push(asked);
    let (status, headers, body) =
        double.answers.lock().unwrap().pop_front().unwrap_or((599, HeaderMap::new(), Vec::new()));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    *response.headers_mut() = headers;
    response
}
