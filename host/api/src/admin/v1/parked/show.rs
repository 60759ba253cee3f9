//! `GET /admin/v1/parked/{id}`: one thing that was set aside, with what each step was asked and answered.

use axum::{Json, extract::State};
use patchbay_storage::Store;
use serde_json::{Value, json};

use crate::admin::{
    answer::{Answer, Path},
    opened::opened,
};

pub(in crate::admin) async fn handler(State(store): State<Store>, Path(id): Path<i64>) -> Answer<Value> {
    let (parked, raw) = super::find(&store, id).await?;
    let traces = store.traces_of(parked.subject).await?;
    let raw = raw.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Json(json!({ "parked": parked, "traces": opened(&traces)?, "raw": raw })))
}
