//! `GET /healthz`, `/readyz` and `/metrics`: for monitors and orchestrators.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use super::{AdminState, Readiness, gauges};

/// The process runs and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Always `true`: whoever is ill does not answer.
    pub healthy: bool,
}

/// Whether the host may be given work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Nothing is missing.
    pub ready: bool,
    /// What is.
    pub missing: Vec<String>,
}

/// 200 as long as the process answers at all.
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { healthy: true })
}

/// 200 when the host may be given work; else 503, and what is missing.
pub(super) async fn readyz(State(ready): State<Readiness>) -> Response {
    let missing: Vec<String> = ready.missing().into_iter().map(str::to_owned).collect();
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready: missing.is_empty(), missing })).into_response()
}

/// Prometheus' text format. Where the database does not answer, its gauges keep their last figures.
pub(super) async fn metrics(State(state): State<AdminState>) -> Response {
    gauges::set_polls(&state.work.polls(), state.clock.now());
    match state.store.counts().await {
        Ok(counts) => gauges::set(&counts, state.work.load(), &state.plugins.tenants(), state.clock.now()),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "what waits could not be counted")
        }
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.metrics.0)()).into_response()
}
