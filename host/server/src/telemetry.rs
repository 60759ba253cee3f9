//! Log lines: for people on a terminal, JSON elsewhere. `PATCHBAY_LOG` says how much, such as
//! `info,patchbay_pipeline=debug`.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

/// The environment variable that says how much is logged.
pub(crate) const ENV: &str = "PATCHBAY_LOG";

/// Starts logging to standard error.
///
/// # Errors
/// When `PATCHBAY_LOG` is no filter, with the part that makes no sense.
pub(crate) fn start() -> anyhow::Result<()> {
    let filter = match std::env::var(ENV) {
        Ok(text) if !text.trim().is_empty() => {
            EnvFilter::try_new(&text).map_err(|error| anyhow::anyhow!("{ENV}={text}: {error}"))?
        }
        _ => EnvFilter::new("info"),
    };
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = if io::stderr().is_terminal() {
        lines.with_target(false).finish().try_init()
    } else {
        lines.json().flatten_event(true).finish().try_init()
    };
    Ok(())
}

/// Shows what guests log, and nothing else, on standard error; or whatever `PATCHBAY_LOG` says.
pub(crate) fn start_for_guests() {
    let filter = std::env::var(ENV).ok().and_then(|text| EnvFilter::try_new(text).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("off,patchbay::guest=debug"));
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr).without_time().with_target(false);
    let lines = lines.with_ansi(io::stderr().is_terminal());
    // A second start in one process (tests) keeps the first.
    let _ = lines.finish().try_init();
}
