//! `POST /admin/v1/parked/{id}/replay`: it takes its turn again, at its lane's end and marked late.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_storage::{Parked, Store, Subject};
use patchbay_types::Problem;

use crate::admin::{
    Work,
    answer::{Answer, Path},
};

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(work): State<Arc<dyn Work>>,
    Path(id): Path<i64>,
) -> Answer<Parked> {
    let (parked, _) = super::find(&store, id).await?;
    super::unresolved(&parked)?;
    if matches!(parked.subject, Subject::Transaction(_)) {
        let said = "this transaction could not be read, and would not be the second time: look at it, then discard it";
        return Err(Problem::new(409, "unreadable", said).into());
    }
    // Someone else may have been quicker, or retention.
    if !work.replay(id).await? {
        return Err(Problem::new(409, "gone", format!("{id} has nothing to replay any more")).into());
    }
    Ok(Json(super::find(&store, id).await?.0))
}
