//! Counters of what reloading came to.

use std::time::Duration;

use patchbay_types::TenantId;

/// What became of a tenant's touched files.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// They serve.
    Activated,
    /// They were refused.
    Refused,
    /// They hold what they held.
    Unchanged,
    /// The tenant's file went, and its chain with it.
    Removed,
    /// A person went back to an earlier generation.
    RolledBack,
    /// At start-up, the last generation that served serves again.
    Restored,
}

/// Counts an outcome, and how long it took to come to it.
pub(super) fn count(tenant: &TenantId, outcome: Outcome, took: Duration) {
    let outcome = match outcome {
        Outcome::Activated => "activated",
        Outcome::Refused => "refused",
        Outcome::Unchanged => "unchanged",
        Outcome::Removed => "removed",
        Outcome::RolledBack => "rolled-back",
        Outcome::Restored => "restored",
    };
    let labels = [("tenant", tenant.to_string()), ("outcome", outcome.to_owned())];
    metrics::counter!("patchbay_reload_total", &labels).increment(1);
    metrics::histogram!("patchbay_reload_seconds", &labels).record(took);
}

/// Shows which generation serves; 0 is none.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; no tenant sees 2^52 generations")]
pub(super) fn show_generation(tenant: &TenantId, generation: Option<u64>) {
    metrics::gauge!("patchbay_generation", "tenant" => tenant.to_string())
        .set(generation.unwrap_or(0) as f64);
}
