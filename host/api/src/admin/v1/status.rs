//! `GET /admin/v1/status`: the host at a glance.

use axum::{Json, extract::State};
use patchbay_storage::Waiting;
use patchbay_types::{Millis, TenantId};
use serde::Serialize;

use crate::admin::{AdminState, Load, answer::Answer};

/// The host at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::admin) struct Status {
    version: &'static str,
    now: Millis,
    /// What is missing before the host may be given work; nothing when it is ready.
    missing: Vec<&'static str>,
    /// Tenants that serve.
    tenants: Vec<TenantId>,
    /// Events that were not handled yet.
    events: Waiting,
    /// Deliveries that were not made yet, by tenant.
    deliveries: Vec<(TenantId, Waiting)>,
    /// Matrix actions that were not done yet, by tenant.
    actions: Vec<(TenantId, Waiting)>,
    /// What is set aside: tenant, kind, how many.
    parked: Vec<(Option<TenantId>, String, u64)>,
    /// What is at work, and what is held.
    lanes: Load,
}

pub(in crate::admin) async fn handler(State(state): State<AdminState>) -> Answer<Status> {
    let counts = state.store.counts().await?;
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        now: state.clock.now(),
        missing: state.ready.missing(),
        tenants: state.plugins.tenants(),
        events: counts.events,
        deliveries: counts.deliveries,
        actions: counts.actions,
        parked: counts.parked,
        lanes: state.work.load(),
    }))
}
