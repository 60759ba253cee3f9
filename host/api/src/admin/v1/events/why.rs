//! `GET /admin/v1/events/{id}/why`: everything that is known of a Matrix event, or of a piece of a CRM's news: how it
//! came in, what each step was asked and answered, by which component, and where it went.

use axum::{Json, extract::State};
use patchbay_storage::Store;
use patchbay_types::Problem;
use serde_json::Value;

use crate::admin::{
    answer::{Answer, Path},
    opened::opened,
};

pub(in crate::admin) async fn handler(State(store): State<Store>, Path(id): Path<String>) -> Answer<Value> {
    let why = store.why(&id).await?;
    if why.is_empty() {
        return Err(Problem::not_found(format!(
            "nothing is known of `{id}`: it never came, its room is of no interest here, or its keys are past retention"
        ))
        .into());
    }
    Ok(Json(opened(&why)?))
}
