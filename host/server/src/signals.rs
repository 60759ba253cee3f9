//! SIGTERM and SIGINT: the first one asks the host to end in order, a second one ends it at once.

use std::process;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell expects of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Cancels `stop` at the first signal; must be called within a runtime.
///
/// # Errors
/// When the system lets no handler be installed.
pub(crate) fn watch(stop: CancellationToken) -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = term.recv() => "SIGTERM",
            _ = int.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "{name}: ending in order; a second signal ends at once");
        stop.cancel();
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::warn!(
            "a second signal: ending at once; what was accepted is taken up again at the next start"
        );
        process::exit(INTERRUPTED);
    });
    Ok(())
}
