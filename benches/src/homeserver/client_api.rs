//! The part of the client-server API that an application service calls, answered as Synapse answers it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::ledger::{Echo, Ledger, Refusal};
use crate::{cast::Cast, journal::MatrixSend};

mod calls;
mod rooms;

type Params = Query<HashMap<String, String>>;

/// A client-server API that listens.
#[derive(Clone)]
pub struct ClientApi {
    /// Where.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    as_token: String,
    bot: String,
    cast: Cast,
    ledger: Mutex<Ledger>,
}

// === impl ClientApi ===

impl ClientApi {
    /// Listens at `address` (port 0: any) until the runtime ends. `bot` is the registration's own user.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(address: SocketAddr, cast: &Cast, as_token: &str, bot: &str) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            as_token: as_token.to_owned(),
            bot: bot.to_owned(),
            cast: cast.clone(),
            ledger: Mutex::default(),
        });
        let app = router(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, shared })
    }

    /// All events that the application service sent so far.
    #[must_use]
    pub fn sends(&self) -> Vec<MatrixSend> {
        self.shared.ledger().sends()
    }

    /// The next of its events that waits to be delivered back to it.
    #[must_use]
    pub fn next_echo(&self) -> Option<Echo> {
        self.shared.ledger().next_echo()
    }

    /// As after a restart of the homeserver.
    pub fn restart(&self) {
        self.shared.ledger().restart();
    }
}

// === impl Shared ===

impl Shared {
    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn user<'a>(&'a self, params: &'a HashMap<String, String>) -> &'a str {
        params.get("user_id").unwrap_or(&self.bot)
    }

    /// Who acts, if they may.
    fn actor(&self, params: &HashMap<String, String>) -> Result<String, Refused> {
        let user = self.user(params);
        self.ledger().check(user, &self.bot, params.get("device_id").map(String::as_str))?;
        Ok(user.to_owned())
    }
}

/// A Matrix error.
struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, errcode, error) = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(json!({ "errcode": errcode, "error": error }))).into_response()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let room = "/_matrix/client/v3/rooms/{room}";
    Router::new()
        .route("/_matrix/client/versions", get(async || Json(json!({ "versions": ["v1.11", "v1.12"] }))))
        .route("/_matrix/client/v3/account/whoami", get(calls::whoami))
        .route("/_matrix/client/v3/register", post(calls::register))
        .route("/_matrix/client/v3/devices/{device}", put(calls::device).get(calls::device))
        .route("/_matrix/client/v3/join/{room}", post(calls::join))
        .route("/_matrix/client/v3/joined_rooms", get(calls::joined_rooms))
        .route(&format!("{room}/join"), post(calls::join))
        .route(&format!("{room}/send/{{kind}}/{{txn}}"), put(calls::send))
        .route(&format!("{room}/redact/{{kind}}/{{txn}}"), put(calls::send))
        .route(&format!("{room}/state/{{kind}}/{{key}}"), put(calls::send).get(rooms::one_state))
        .route(&format!("{room}/state/{{kind}}/"), get(rooms::state_without_key))
        .route(&format!("{room}/state/{{kind}}"), get(rooms::state_without_key))
        .route(&format!("{room}/state"), get(rooms::state))
        .route(&format!("{room}/members"), get(rooms::members))
        .route(&format!("{room}/joined_members"), get(rooms::joined_members))
        .fallback(calls::anything_else)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), only_with_token))
        .with_state(shared)
}

async fn only_with_token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let open = request.uri().path() == "/_matrix/client/versions";
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if open || shown.and_then(|value| value.strip_prefix("Bearer ")) == Some(&shared.as_token) {
        return next.run(request).await;
    }
    Refused((401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")).into_response()
}
