//! A homeserver that has files, takes them, and takes events, as well or as badly as a test wants.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post, put},
};
use serde_json::{Value, json};

/// Bytes of the file `large`.
pub(crate) const LARGE: u64 = 100 << 20;

/// It, made while it is sent.
fn large() -> Body {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = (0..LARGE >> 16).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    Body::from_stream(futures::stream::iter(pieces))
}

/// How many bytes a body has, and the first of them.
pub(crate) async fn counted(body: Body) -> Result<(u64, Bytes), axum::Error> {
    let (mut count, mut first) = (0, Vec::new());
    let mut pieces = body.into_data_stream();
    while let Some(piece) = futures::StreamExt::next(&mut pieces).await {
        let piece = piece?;
        count += piece.len() as u64;
        if first.len() < 1 << 20 {
            first.extend_from_slice(&piece);
        }
    }
    Ok((count, first.into()))
}

/// How a file is handed out, once.
#[derive(Debug, Clone)]
pub(crate) enum Hand {
    /// With its length.
    Whole,
    /// Without one.
    Unmeasured,
    /// With its length, and only so many bytes of it.
    Cut(usize),
    /// 503.
    Down,
}

#[derive(Clone)]
pub(crate) struct Homeserver {
    pub(crate) url: String,
    state: Arc<Mutex<Had>>,
}

#[derive(Default)]
struct Had {
    files: BTreeMap<String, Vec<u8>>,
    hands: VecDeque<Hand>,
    downloads: Vec<String>,
    /// Status and error code of the next uploads; then they are taken.
    upload_refusals: VecDeque<(u16, &'static str)>,
    uploads: Vec<(String, String, Bytes)>,
    send_refusals: usize,
    /// By transaction ID, in the order in which they came.
    sent: Vec<(String, Value)>,
    sends: usize,
    avatars: Vec<(String, String)>,
}

type Shared = State<Arc<Mutex<Had>>>;

// === impl Homeserver ===

impl Homeserver {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(Had::default()));
        let app = Router::new()
            .route("/_matrix/client/versions", get(async || Json(json!({ "versions": ["v1.11"] }))))
            .route("/_matrix/client/v1/media/download/h/{id}", get(download))
            .route("/_matrix/media/v3/upload", post(upload))
            .route("/_matrix/client/v3/rooms/{room}/send/{kind}/{txn}", put(send))
            .route("/_matrix/client/v3/profile/{user}/{field}", put(profile))
            .fallback(any(async || {
                Json(json!({ "user_id": "@bot:localhost", "room_id": "!a:h", "start": "s", "chunk": [] }))
            }))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, state }
    }

    /// It has this file; answers its address.
    pub(crate) fn has(&self, id: &str, bytes: impl Into<Vec<u8>>) -> String {
        self.state.lock().unwrap().files.insert(id.to_owned(), bytes.into());
        format!("mxc://h/{id}")
    }

    /// The next downloads go so; then [`Hand::Whole`].
    pub(crate) fn hands(&self, hands: &[Hand]) {
        self.state.lock().unwrap().hands.extend(hands.iter().cloned());
    }

    pub(crate) fn refuses_upload(&self, status: u16, errcode: &'static str) {
        self.state.lock().unwrap().upload_refusals.push_back((status, errcode));
    }

    pub(crate) fn refuses_send(&self, times: usize) {
        self.state.lock().unwrap().send_refusals = times;
    }

    /// What was asked for: each with the token that was shown.
    pub(crate) fn downloads(&self) -> Vec<String> {
        self.state.lock().unwrap().downloads.clone()
    }

    /// Query, type and bytes.
    pub(crate) fn uploads(&self) -> Vec<(String, String, Bytes)> {
        self.state.lock().unwrap().uploads.clone()
    }

    /// The contents of the events that there are.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.state.lock().unwrap().sent.iter().map(|(_, content)| content.clone()).collect()
    }

    pub(crate) fn sends(&self) -> usize {
        self.state.lock().unwrap().sends
    }

    pub(crate) fn avatars(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().avatars.clone()
    }
}

fn matrix_error(status: u16, errcode: &str) -> Response {
    let body = json!({ "errcode": errcode, "error": "as a test wants" });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

async fn download(State(state): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let mut had = state.lock().unwrap();
    let token = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    had.downloads.push(format!("{id} {}", token.unwrap_or_default()));
    let hand = had.hands.pop_front().unwrap_or(Hand::Whole);
    if id == "large" {
        return ([(header::CONTENT_LENGTH, LARGE)], large()).into_response();
    }
    let Some(bytes) = had.files.get(&id).cloned() else { return matrix_error(404, "M_NOT_FOUND") };
    let length = bytes.len();
    let whole = |bytes: Vec<u8>, then: Option<std::io::Error>| {
        let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Body::from_stream(futures::stream::iter(pieces.into_iter().chain(then.map(Err))))
    };
    match hand {
        Hand::Whole => ([(header::CONTENT_LENGTH, length)], whole(bytes, None)).into_response(),
        Hand::Unmeasured => whole(bytes, None).into_response(),
        Hand::Cut(at) => {
            let broken = std::io::Error::other("cut");
            ([(header::CONTENT_LENGTH, length)], whole(bytes[..at].to_vec(), Some(broken))).into_response()
        }
        Hand::Down => matrix_error(503, "M_UNKNOWN"),
    }
}

async fn upload(State(state): Shared, request: Request) -> Response {
    let text = |headers: &HeaderMap, name| {
        headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap().to_owned())
    };
    let (mime, length) = (
        text(request.headers(), header::CONTENT_TYPE).unwrap(),
        text(request.headers(), header::CONTENT_LENGTH).unwrap(),
    );
    let query = request.uri().query().unwrap_or_default().to_owned();
    if let Some((status, errcode)) = state.lock().unwrap().upload_refusals.pop_front() {
        return matrix_error(status, errcode);
    }
    let (count, bytes) = counted(request.into_body()).await.unwrap();
    assert_eq!(length, count.to_string());
    let mut had = state.lock().unwrap();
    had.uploads.push((query, mime, bytes));
    Json(json!({ "content_uri": format!("mxc://h/up-{}", had.uploads.len()) })).into_response()
}

async fn send(
    State(state): Shared,
    Path((_, _, txn)): Path<(String, String, String)>,
    Query(_): Query<BTreeMap<String, String>>,
    Json(content): Json<Value>,
) -> Response {
    let mut had = state.lock().unwrap();
    had.sends += 1;
    if had.send_refusals > 0 {
        had.send_refusals -= 1;
        return matrix_error(503, "M_UNKNOWN");
    }
    let known = had.sent.iter().position(|(sent, _)| *sent == txn);
    let n = known.unwrap_or_else(|| {
        had.sent.push((txn, content));
        had.sent.len() - 1
    });
    Json(json!({ "event_id": format!("$sent{n}") })).into_response()
}

async fn profile(
    State(state): Shared,
    Path((user, field)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Json<Value> {
    if field == "avatar_url" {
        let url = body["avatar_url"].as_str().unwrap().to_owned();
        state.lock().unwrap().avatars.push((user, url));
    }
    Json(json!({}))
}
