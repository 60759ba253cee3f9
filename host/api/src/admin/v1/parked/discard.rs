//! `POST /admin/v1/parked/{id}/discard`: nobody waits for it any longer. It stays to be seen until retention ends it.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_storage::{Parked, Store};

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
    work.discard(id).await?;
    Ok(Json(super::find(&store, id).await?.0))
}
