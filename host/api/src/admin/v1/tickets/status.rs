//! `POST /admin/v1/tickets/{tenant}/{id}/status`: an agent opens, solves or closes a ticket. The desk shows it when this is
//! answered; the rest of the host hears of it as of a reply.

use axum::{Json, extract::State};
use http::HeaderMap;
use patchbay_storage::{DeskChange, DeskWrite};
use patchbay_types::{Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::admin::{
    AdminState,
    answer::{Answer, Body, Path},
    v1::desk::{
        agent::Agent,
        news::{Kept, News},
    },
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
    State(state): State<AdminState>,
    Path((tenant, ticket)): Path<(TenantId, String)>,
    headers: HeaderMap,
    Body(NewStatus { status, agent }): Body<NewStatus>,
) -> Answer<Kept> {
    if !STATUSES.contains(&status.as_str()) {
        return Err(Problem::invalid(format!("`status` is one of {}", STATUSES.join(", "))).into());
    }
    agent.check()?;
    let news = News::about(&state, &headers, tenant.clone(), ticket.clone()).await?;
    let id = news.key.clone();
    let told = json!({ "id": id, "kind": "status", "agent": agent, "status": status });
    let written = DeskWrite::Alter { tenant, ticket, change: DeskChange::Status(status), at: news.at };
    let new = news.keep(&state, told, written).await?;
    Ok(Json(Kept { id, new }))
}
