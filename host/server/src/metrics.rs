//! Metrics in Prometheus' form. Counters are made where things happen; here they are collected and rendered.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use patchbay_api::admin::Metrics;
use tokio_util::sync::CancellationToken;

/// Seconds, from a warm call of a small component to an adapter that waits for its CRM.
const SECONDS: [f64; 15] =
    [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.25, 1.0, 5.0, 30.0];
/// Histograms hand their samples over so often.
const UPKEEP: Duration = Duration::from_secs(5);

/// Collects from now on whatever the process counts.
///
/// # Errors
/// When something else collects already.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .install_recorder()
        .context("metrics are collected by something else already")
}

/// How the admin API renders them.
pub(crate) fn rendered(handle: PrometheusHandle) -> Metrics {
    Metrics(Arc::new(move || handle.render()))
}

/// Keeps the collector's memory bounded until `stop`.
pub(crate) async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) {
    let mut every = tokio::time::interval(UPKEEP);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        handle.run_upkeep();
    }
}
