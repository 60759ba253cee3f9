//! `GET /admin/v1/plugins`: each tenant's generation and slots, with what last went wrong.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_plugin::reload::ReloadStatus;

use crate::admin::PluginControl;

pub(in crate::admin) async fn handler(State(plugins): State<Arc<dyn PluginControl>>) -> Json<ReloadStatus> {
    Json(plugins.status())
}
