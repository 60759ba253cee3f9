//! `patchbay odoo`: an Odoo made ready for the adapter, or looked at.

mod check;
mod place;
mod setup;
mod told;

use clap::{Args, Subcommand};

use super::output::Output;
use crate::failure::Failure;

/// Makes an Odoo ready for `adapter-odoo`, or looks whether it is.
#[derive(Debug, Args)]
pub(super) struct Odoo {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Setup(setup::Setup),
    Check(check::Check),
}

// === impl Odoo ===

impl Odoo {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        match &self.command {
            Command::Setup(command) => command.run(out),
            Command::Check(command) => command.run(out),
        }
    }
}
