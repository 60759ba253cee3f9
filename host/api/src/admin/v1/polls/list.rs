//! `GET /admin/v1/polls`: each CRM that can be asked what is new, when it last answered, and why it did not since.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_types::TenantId;
use serde::{Deserialize, Serialize};

use crate::admin::{
    Asked, Work,
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
pub struct Polls {
    /// In the order of tenants and adapters.
    pub polls: Vec<Asked>,
}

pub(in crate::admin) async fn handler(
    State(work): State<Arc<dyn Work>>,
    Query(wanted): Query<Wanted>,
) -> Answer<Polls> {
    let mut polls = work.polls();
    polls.retain(|one| wanted.tenant.as_ref().is_none_or(|tenant| *tenant == one.tenant));
    Ok(Json(Polls { polls }))
}
