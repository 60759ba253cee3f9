//! What left, counted.

use std::time::Duration;

use patchbay_types::{AdapterName, TenantId};

use crate::request::{Failure, Response};

/// One request that has ended.
pub(crate) fn record(
    tenant: &TenantId,
    adapter: &AdapterName,
    answer: &Result<Response, Failure>,
    took: Duration,
) {
    let outcome = answer.as_ref().map_or_else(Failure::as_str, |_| "answered");
    let labels = [("tenant", tenant.to_string()), ("adapter", adapter.to_string())];
    metrics::histogram!("patchbay_egress_seconds", &labels).record(took.as_secs_f64());
    metrics::counter!("patchbay_egress_requests_total", "tenant" => tenant.to_string(),
        "adapter" => adapter.to_string(), "outcome" => outcome)
    .increment(1);
}
