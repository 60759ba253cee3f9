//! Gauges, set when they are asked for: what waits, since when, and what was set aside.

use std::collections::BTreeMap;

use metrics::gauge;
use patchbay_storage::{Counts, Waiting};
use patchbay_types::{Millis, TenantId};

use super::{Asked, Load};

/// Sets every gauge from what the store and the pipeline say now. Each of `tenants` gets a figure, also where nothing of
/// its waits: a gauge keeps what it was last set to.
pub(super) fn set(counts: &Counts, load: Load, tenants: &[TenantId], now: Millis) {
    gauge!("patchbay_pending", "kind" => "events").set(float(counts.events.count));
    gauge!("patchbay_oldest_pending_seconds", "kind" => "events").set(age(counts.events, now));
    for (kind, waiting) in [("deliveries", &counts.deliveries), ("actions", &counts.actions)] {
        let mut of: BTreeMap<&TenantId, Waiting> = tenants.iter().map(|t| (t, Waiting::default())).collect();
        of.extend(waiting.iter().map(|(tenant, waiting)| (tenant, *waiting)));
        for (tenant, waiting) in of {
            let labels = [("kind", kind.to_owned()), ("tenant", tenant.to_string())];
            gauge!("patchbay_pending", &labels).set(float(waiting.count));
            gauge!("patchbay_oldest_pending_seconds", &labels).set(age(waiting, now));
        }
    }
    let mut parked: BTreeMap<&str, u64> = tenants.iter().map(|tenant| (tenant.as_str(), 0)).collect();
    for (tenant, _, n) in &counts.parked {
        *parked.entry(tenant.as_ref().map_or("", TenantId::as_str)).or_default() += n;
    }
    for (tenant, n) in parked {
        gauge!("patchbay_parked", "tenant" => tenant.to_owned()).set(float(n));
    }
    let mut dead: BTreeMap<(&str, &str), u64> = tenants
        .iter()
        .flat_map(|tenant| ["to-crm", "to-matrix"].map(|direction| ((tenant.as_str(), direction), 0)))
        .collect();
    for (tenant, kind, n) in &counts.parked {
        let direction = if matches!(kind.as_str(), "inbox" | "delivery") { "to-crm" } else { "to-matrix" };
        *dead.entry((tenant.as_ref().map_or("", TenantId::as_str), direction)).or_default() += n;
    }
    for ((tenant, direction), n) in dead {
        let labels = [("tenant", tenant.to_owned()), ("direction", direction.to_owned())];
        gauge!("patchbay_dead_letters", &labels).set(float(n));
    }
    for (queue, lanes) in
        [("inbound", load.inbound), ("deliveries", load.deliveries), ("actions", load.actions)]
    {
        gauge!("patchbay_lanes", "queue" => queue, "state" => "held").set(float(lanes.held as u64));
        gauge!("patchbay_lanes", "queue" => queue, "state" => "working").set(float(lanes.working as u64));
    }
    gauge!("patchbay_breakers_open").set(float(load.breakers_open as u64));
}

/// How long ago each CRM last answered what is new; since the start, where it never did. One that is not asked has no
/// figure.
pub(super) fn set_polls(polls: &[Asked], now: Millis) {
    for one in polls.iter().filter(|one| one.every > 0) {
        let since = one.last_good.unwrap_or(one.since);
        let labels = [("tenant", one.tenant.to_string()), ("adapter", one.adapter.to_string())];
        gauge!("patchbay_poll_age_seconds", &labels).set(float(now.saturating_sub(since)) / 1000.0);
    }
}

fn age(waiting: Waiting, now: Millis) -> f64 {
    waiting.since.map_or(0.0, |since| float(now.saturating_sub(since)) / 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; nothing here comes near 2^52")]
fn float(n: u64) -> f64 {
    n as f64
}
