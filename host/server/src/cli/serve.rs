//! `patchbay serve`: the host itself.

use clap::Args;

use super::Directory;
use crate::{config::Loaded, failure::Failure, lifecycle, telemetry};

/// Runs the host: takes events from homeservers, sends them through each tenant's components, carries out what follows.
///
/// It runs until SIGTERM or SIGINT, then takes nothing new, finishes what is under way, and ends; a second signal ends
/// it at once. What was accepted is never lost either way.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay serve --config /etc/patchbay
  PATCHBAY_LOG=info,patchbay_pipeline=debug patchbay serve

It watches the directory: copy a component into components/ or a tenant's file into tenants/, and it serves as soon as
it has proved to work; `patchbay plugins` shows what runs. Changes of patchbay.toml itself need a restart.")]
pub(super) struct Serve {
    #[command(flatten)]
    directory: Directory,
}

// === impl Serve ===

impl Serve {
    pub(super) fn run(&self) -> Result<(), Failure> {
        telemetry::start()?;
        let loaded = Loaded::read(&self.directory.config)?;
        Ok(lifecycle::run(&loaded)?)
    }
}
