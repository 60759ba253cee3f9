//! What the database refuses to keep, such as a row that is too large: the webhook or the entry that it came of is set
//! aside, and its adapter's others go on.

use patchbay_storage::{EntryOutcome, EntryResult, HookOutcome, Park, Received};
use patchbay_types::{AdapterName, Millis, TenantId};
use tracing::error;

/// What is kept of a webhook instead.
pub(super) fn hook(
    of: &(TenantId, AdapterName),
    id: i64,
    at: Millis,
    why: &dyn std::fmt::Display,
) -> Received {
    Received {
        hook: Some(HookOutcome::Parked(id, park(of, "webhook", id, why))),
        tenant: of.0.clone(),
        adapter: of.1.clone(),
        at,
        entries: Vec::new(),
        kv: Vec::new(),
        trace: Vec::new(),
    }
}

/// What is kept of an entry instead.
pub(super) fn entry(
    of: &(TenantId, AdapterName),
    id: i64,
    at: Millis,
    why: &dyn std::fmt::Display,
) -> EntryResult {
    EntryResult {
        id,
        tenant: of.0.clone(),
        at,
        outcome: EntryOutcome::Parked(park(of, "entry", id, why)),
        actions: Vec::new(),
        deliveries: Vec::new(),
        tickets: Vec::new(),
        conversation: None,
        room: None,
        persons: Vec::new(),
        trace: Vec::new(),
    }
}

fn park(
    (tenant, adapter): &(TenantId, AdapterName),
    what: &str,
    id: i64,
    why: &dyn std::fmt::Display,
) -> Park {
    error!(%tenant, %adapter, what, id, %why, "parked: the database refuses what came of it");
    Park {
        slot: Some(format!("adapters.{adapter}")),
        reason: format!("the database refuses what came of it: {why}"),
        ..Park::default()
    }
}
