//! `POST /admin/v1/plugins/{tenant}/rollback`: an earlier generation serves again, until a file of the tenant changes.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_plugin::reload::TenantStatus;
use patchbay_types::TenantId;
use serde::{Deserialize, Serialize};

use crate::admin::{
    PluginControl,
    answer::{Answer, Body, Path},
};

/// Which generation is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Absent: the one before the current.
    #[serde(default)]
    pub to: Option<u64>,
}

pub(in crate::admin) async fn handler(
    State(plugins): State<Arc<dyn PluginControl>>,
    Path(tenant): Path<TenantId>,
    Body(wanted): Body<Rollback>,
) -> Answer<TenantStatus> {
    Ok(Json(plugins.rollback(&tenant, wanted.to).await?))
}
