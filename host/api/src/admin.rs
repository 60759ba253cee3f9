//! The operator's side of the host: health, metrics and the admin API. It listens on an address of its own, which no
//! homeserver and no customer needs to reach. Everything under `/admin/` wants the admin token; health and metrics,
//! which monitors ask for, want none and say nothing of any message.

mod answer;
mod auth;
mod gauges;
mod health;
mod opened;
mod ports;
mod ready;
pub mod v1;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    middleware,
    routing::get,
};
use patchbay_storage::Store;
use patchbay_types::Clock;

use crate::hooks::Hooks;

pub use self::{
    auth::AdminToken,
    health::{Health, Ready},
    ports::{Archive, Asked, Lanes, Load, PluginControl, Work},
    ready::Readiness,
};

/// The largest body of a request to the admin API: a reply is text.
const BODY: usize = 1 << 20;

/// What the endpoints work with.
#[derive(Clone)]
pub struct AdminState {
    /// Whoever shows this may do everything.
    pub token: AdminToken,
    /// The database.
    pub store: Store,
    /// What runs where.
    pub plugins: Arc<dyn PluginControl>,
    /// What generations were made of.
    pub archive: Arc<dyn Archive>,
    /// The pipeline, as far as an operator steers it.
    pub work: Arc<dyn Work>,
    /// Whether the host may be given work.
    pub ready: Readiness,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Metrics,
    /// Where CRMs send their webhooks.
    pub hooks: Hooks,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Renders the metrics in Prometheus' text format.
#[derive(Clone)]
pub struct Metrics(pub Arc<dyn Fn() -> String + Send + Sync>);

/// Everything that the admin listener serves.
pub fn router(state: AdminState) -> Router {
    let guarded = v1::router()
        .route_layer(middleware::from_fn_with_state(state.token.clone(), auth::check))
        .layer(DefaultBodyLimit::max(BODY));
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .nest("/admin/v1", guarded)
        .fallback(answer::nothing_here)
        .with_state(state)
}

// === impl AdminState ===

impl FromRef<AdminState> for Store {
    fn from_ref(state: &AdminState) -> Self {
        state.store.clone()
    }
}

impl FromRef<AdminState> for Readiness {
    fn from_ref(state: &AdminState) -> Self {
        state.ready.clone()
    }
}

impl FromRef<AdminState> for Arc<dyn PluginControl> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.plugins)
    }
}

impl FromRef<AdminState> for Arc<dyn Archive> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.archive)
    }
}

impl FromRef<AdminState> for Arc<dyn Work> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.work)
    }
}

impl FromRef<AdminState> for Hooks {
    fn from_ref(state: &AdminState) -> Self {
        state.hooks.clone()
    }
}

impl FromRef<AdminState> for Arc<dyn Clock> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.clock)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
