//! `GET /admin/v1/tickets/{tenant}/{id}`: a ticket and what was said in it.

use axum::{Json, extract::State};
use patchbay_storage::Store;
use patchbay_types::{Problem, TenantId};
use serde::{Deserialize, Serialize};

use super::{Line, Ticket};
use crate::admin::answer::{Answer, Path, Query};

/// Which lines are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::admin) struct Wanted {
    /// Those behind this line.
    after: Option<String>,
    /// At most so many.
    limit: u32,
}

/// A ticket with its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The ticket.
    pub ticket: Ticket,
    /// What was said, in order.
    pub lines: Vec<Line>,
    /// There may be more lines behind the last of these.
    pub more: bool,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    Path((tenant, id)): Path<(TenantId, String)>,
    Query(wanted): Query<Wanted>,
) -> Answer<Shown> {
    let found = store.desk_ticket(&tenant, &id).await?;
    let ticket =
        found.ok_or_else(|| Problem::not_found(format!("tenant `{tenant}` has no ticket `{id}`")))?;
    let limit = wanted.limit.clamp(1, 1000);
    let lines = store.desk_lines(&tenant, &id, wanted.after.as_deref(), limit).await?;
    let more = lines.len() == limit as usize;
    Ok(Json(Shown { ticket: ticket.into(), lines: lines.into_iter().map(Line::from).collect(), more }))
}

impl Default for Wanted {
    fn default() -> Self {
        Self { after: None, limit: 500 }
    }
}
