//! `GET /admin/v1/connections`: each adapter, whether its other side is there, what last went wrong, and what waits.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_types::{AdapterName, Millis, TenantId};
use serde::{Deserialize, Serialize};

use crate::admin::{
    Work,
    answer::{Answer, Query},
};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Wanted {
    tenant: Option<TenantId>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// In the order of tenants and adapters.
    pub connections: Vec<Connection>,
}

/// One adapter and whatever it talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The tenant.
    pub tenant: TenantId,
    /// The adapter.
    pub adapter: AdapterName,
    /// How it stands.
    pub state: Standing,
    /// Since when; of a state that was seen since the start.
    pub since: Option<Millis>,
    /// When it last answered.
    pub answered_at: Option<Millis>,
    /// What last went wrong; it stays when all is well again.
    pub last_error: Option<LastError>,
    /// While it is down: when it is tried next.
    pub next_try: Option<Millis>,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waiting_since: Option<Millis>,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It answered when it was last asked.
    Up,
    /// Nobody was there, or nobody who would talk to us.
    Down,
    /// Nobody asked since the start.
    Unknown,
    /// It reaches nothing outside the host.
    Embedded,
}

/// What last went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub at: Millis,
    /// The contract's word, such as `unauthorised`.
    pub kind: String,
    /// In the adapter's words.
    pub detail: String,
}

pub(in crate::admin) async fn handler(
    State(work): State<Arc<dyn Work>>,
    Query(wanted): Query<Wanted>,
) -> Answer<Connections> {
    let mut connections = work.connections().await?;
    connections.retain(|one| wanted.tenant.as_ref().is_none_or(|tenant| *tenant == one.tenant));
    Ok(Json(Connections { connections }))
}
