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
