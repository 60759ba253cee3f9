//! The application service API: transactions in, questions about our names, pings. Homeservers are answered from the
//! database alone: no plugin and no CRM is ever called here.

mod auth;
pub(crate) mod body;
mod error;
mod queries;
mod transactions;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    http::{Method, Uri},
    routing::{get, post, put},
    serve::{Listener, ListenerExt as _},
};
use patchbay_matrix::Ephemeral;
use patchbay_storage::Store;
use patchbay_types::{Clock, RegistrationId, TenantId};
use tokio::{net::TcpListener, sync::mpsc};

use self::auth::Caller;
pub use self::{
    auth::{Registered, Registrations},
    error::MatrixError,
};

/// What the application service API needs. Cloning shares it.
#[derive(Clone)]
pub struct Appservice {
    /// Who may call.
    pub registrations: Arc<Registrations>,
    /// Where transactions go.
    pub store: Store,
    /// When they arrived.
    pub clock: Arc<dyn Clock>,
    /// Typing and receipts go here, and are dropped (and counted) while it is full.
    pub ephemeral: mpsc::Sender<(RegistrationId, Ephemeral)>,
    /// Whether there is such a tenant: only then has a ghost in its name been ours.
    pub is_tenant: Arc<dyn Fn(&TenantId) -> bool + Send + Sync>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// A body that stands still for so long is given up.
    pub body_idle: Duration,
}

// === impl Appservice ===

impl Appservice {
    /// The routes below `/_matrix/app/`. Errors are Matrix errors: `{"errcode": …, "error": …}`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/_matrix/app/v1/transactions/{txn_id}", put(transactions::put))
            .route("/_matrix/app/v1/users/{user_id}", get(queries::user))
            .route("/_matrix/app/v1/rooms/{alias}", get(queries::alias))
            .route("/_matrix/app/v1/ping", post(ping))
            .method_not_allowed_fallback(async || MatrixError::MethodNotAllowed)
            .fallback(unrecognized)
            .with_state(self)
    }
}

/// The listener as it should be served: without Nagle's delay, since a homeserver waits for each small answer before it
/// sends more.
pub fn listener(tcp: TcpListener) -> impl Listener<Addr = std::net::SocketAddr> {
    tcp.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    })
}

/// The homeserver asks whether it can reach us and has the right token.
async fn ping(Caller(registered): Caller) -> Json<serde_json::Value> {
    tracing::debug!(registration = %registered.id(), "the homeserver pinged");
    Json(serde_json::json!({}))
}

/// Third-party lookups and whatever later specifications add: a 404 tells the homeserver that we do without.
async fn unrecognized(method: Method, uri: Uri) -> MatrixError {
    tracing::debug!(%method, path = uri.path(), "no such endpoint");
    MatrixError::Unrecognized
}
