//! `GET /admin/v1/parked`: what was set aside, the oldest first.

use axum::{Json, extract::State};
use patchbay_storage::{ParkedFilter, Store};
use patchbay_types::TenantId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::answer::{Answer, Query};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::admin) struct Wanted {
    tenant: Option<TenantId>,
    resolved: bool,
    after: i64,
    limit: u32,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    Query(wanted): Query<Wanted>,
) -> Answer<Value> {
    let Wanted { tenant, resolved, after, limit } = wanted;
    let limit = limit.clamp(1, 1000);
    let parked = store.parked(&ParkedFilter { tenant, resolved, after, limit }).await?;
    // The number to go on behind; nothing where this was all.
    let next = parked.last().map(|last| last.id).filter(|_| parked.len() == limit as usize);
    Ok(Json(json!({ "parked": parked, "next": next })))
}

impl Default for Wanted {
    fn default() -> Self {
        Self { tenant: None, resolved: false, after: 0, limit: 100 }
    }
}
