//! `POST /admin/v1/connections/{tenant}/{adapter}/probe`: asks the adapter whether anybody is there and whether all that it
//! needs is. Where somebody answers, deliveries that waited for that go on.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_types::{AdapterName, Problem, TenantId};
use serde::{Deserialize, Serialize};

use crate::admin::{
    Work,
    answer::{Answer, Path},
};

/// What the adapter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// Somebody is there, and nothing is missing.
    pub healthy: bool,
    /// The version of whatever it talks to.
    pub version: Option<String>,
    /// The contract's word for what is wrong, or `fault`.
    pub kind: Option<String>,
    /// In the adapter's words.
    pub detail: String,
}

pub(in crate::admin) async fn handler(
    State(work): State<Arc<dyn Work>>,
    Path((tenant, adapter)): Path<(TenantId, AdapterName)>,
) -> Answer<Probed> {
    match work.probe(&tenant, &adapter).await {
        Some(probed) => Ok(Json(probed)),
        None => Err(Problem::not_found(format!("tenant `{tenant}` has no adapter `{adapter}`")).into()),
    }
}
