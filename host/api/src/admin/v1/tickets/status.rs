//! `POST /admin/v1/tickets/{tenant}/{id}/status`: an agent opens, solves or closes a ticket. Like a reply it is news of
//! the desk: kept first, then read by the adapter.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use patchbay_storage::Store;
use patchbay_types::{Clock, Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    super::desk::news::{Kept, News},
    reply::Agent,
};
use crate::admin::{
    PluginControl, Work,
    answer::{Answer, Body, Path},
};

/// What a ticket may be.
pub const STATUSES: [&str; 4] = ["open", "pending", "solved", "closed"];

/// The status that a ticket is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStatus {
    /// One of [`STATUSES`].
    pub status: String,
    /// Who says so.
    #[serde(default)]
    pub agent: Agent,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(plugins): State<Arc<dyn PluginControl>>,
    State(work): State<Arc<dyn Work>>,
    State(clock): State<Arc<dyn Clock>>,
    Path((tenant, ticket)): Path<(TenantId, String)>,
    headers: HeaderMap,
    Body(wanted): Body<NewStatus>,
) -> Answer<Kept> {
    if !STATUSES.contains(&wanted.status.as_str()) {
        let known = STATUSES.join(", ");
        return Err(Problem::invalid(format!("`status` is one of {known}")).into());
    }
    let news = News::new(&headers, tenant, ticket)?;
    let body = json!({ "kind": "status", "agent": wanted.agent, "status": wanted.status });
    Ok(Json(news.keep(body, &store, &*plugins, &*work, clock.now()).await?))
}
