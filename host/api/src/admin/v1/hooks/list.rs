//! `GET /admin/v1/hooks`: the URL at which each adapter takes webhooks, and what came to it since the start. The URLs hold
//! their tokens: whoever has one may send webhooks.

use axum::{Json, extract::State};
use patchbay_types::TenantId;
use serde::{Deserialize, Serialize};

use crate::{
    admin::answer::{Answer, Query},
    hooks::{Hooks, Listed},
};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Wanted {
    tenant: Option<TenantId>,
}

/// All doors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doors {
    /// Where the host listens for webhooks; nothing where `listen.hooks` does not say: then none of these is open.
    pub listens: Option<String>,
    /// In the order of tenants and adapters.
    pub hooks: Vec<Listed>,
}

pub(in crate::admin) async fn handler(
    State(hooks): State<Hooks>,
    Query(wanted): Query<Wanted>,
) -> Answer<Doors> {
    let mut listed = hooks.list();
    listed.retain(|door| wanted.tenant.as_ref().is_none_or(|tenant| *tenant == door.tenant));
    Ok(Json(Doors { listens: hooks.listens().map(|at| at.to_string()), hooks: listed }))
}
