//! `GET /admin/v1/parked/{id}/export`: what was asked of the slot at fault about one thing that was set aside, with what
//! filled the slot then. What has no event of its own, such as a webhook, is had in this way alone.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_storage::{Parked, Store};
use patchbay_types::{Digest, Problem, TenantId};
use serde::Serialize;

use crate::admin::{
    Archive,
    answer::{Answer, Path},
    v1::events::export::Export,
};

/// Where it went wrong, and all that was recorded of it.
#[derive(Debug, Serialize)]
pub struct ParkedExport {
    /// The slot at fault.
    slot: String,
    /// The build at fault, where one is known.
    component: Option<Digest>,
    /// The steps, every attempt among them.
    #[serde(flatten)]
    export: Export,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(archive): State<Arc<dyn Archive>>,
    Path(id): Path<i64>,
) -> Answer<ParkedExport> {
    let (parked, _) = super::find(&store, id).await?;
    let (tenant, slot) = at_fault(&parked)?;
    let traces = store.traces_of(parked.subject).await?;
    let steps = traces.into_iter().flat_map(|trace| trace.steps).collect();
    let event = parked.event_id.map_or_else(|| format!("parked {id}"), |event| event.to_string());
    let export = Export::of(&*archive, event, tenant, steps, false).await;
    let component = parked.component.and_then(|digest| digest.parse().ok());
    Ok(Json(ParkedExport { slot, component, export }))
}

/// Whose, and which slot; a problem where no plugin is at fault.
fn at_fault(parked: &Parked) -> Result<(TenantId, String), Problem> {
    let id = parked.id;
    if let Some(first) = &parked.behind {
        let why = format!(
            "no plugin was asked about {id}: it waits behind `{first}`, which was set aside before it"
        );
        return Err(Problem::new(409, "no-step", why));
    }
    match (&parked.tenant, &parked.slot) {
        (Some(tenant), Some(slot)) => Ok((tenant.clone(), slot.clone())),
        _ => {
            let why = format!("no plugin is at fault in {id}: `patchbay parked show {id}` says what is");
            Err(Problem::new(409, "no-step", why))
        }
    }
}
