//! stub
use crate::{payload::ActionV1, shared::Shared};
use patchbay_storage::Action;
use patchbay_types::EventId;
pub(crate) enum Failed {
    Later { error: String, retry_after: Option<u64> },
    Never(String),
}
pub(crate) async fn perform(
    _shared: &Shared,
    _action: &Action,
    _payload: &ActionV1,
) -> Result<Option<EventId>, Failed> {
    Err(Failed::Later { error: "no client yet".into(), retry_after: None })
}
