//! The command line: one file a command.

mod check;
mod client;
mod connections;
mod export;
mod hooks;
mod odoo;
mod output;
mod parked;
mod plugin;
mod plugins;
mod polls;
mod registration;
mod replay;
mod reply;
mod rooms;
mod serve;
mod tickets;
mod why;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use self::output::Output;
use crate::failure::{EXIT_CODES, Failure};

/// A Matrix application service that sends every event through sandboxed WebAssembly components, tenant by tenant.
///
/// It is started in (or pointed at) a directory that holds `patchbay.toml`, `components/` and `tenants/`. That
/// directory is watched: copy a component or a tenant's file into it, and it serves as soon as it has proved to work.
#[derive(Debug, Parser)]
#[command(name = "patchbay", version, after_help = EXIT_CODES, after_long_help = LONG, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Registration(registration::Registration),
    Plugins(plugins::Plugins),
    Why(why::Why),
    Parked(parked::Parked),
    Tickets(tickets::Tickets),
    Reply(reply::Reply),
    Rooms(rooms::Rooms),
    Export(export::Export),
    Replay(replay::Replay),
    Plugin(plugin::Plugin),
    Hooks(hooks::Hooks),
    Polls(polls::Polls),
    Odoo(odoo::Odoo),
    Connections(connections::Connections),
}

/// Which directory a command is about.
#[derive(Debug, Clone, Args)]
struct Directory {
    /// The directory with `patchbay.toml`, `components/` and `tenants/`.
    #[arg(long, global = true, value_name = "DIR", env = "PATCHBAY_CONFIG", default_value = ".")]
    config: PathBuf,
}

const LONG: &str = "\
Examples:
  patchbay check --config /etc/patchbay          find mistakes before they serve
  patchbay registration > registration.yaml      what the homeserver has to be given
  patchbay serve --config /etc/patchbay          run the host
  patchbay plugins                               what runs where, since when, what last went wrong
  patchbay tickets show D-1                      what was said in a ticket of the embedded desk
  patchbay reply D-1 'We are on it'              answer: a ghost says it in the room
  patchbay why '$event'                          what became of an event, step by step
  patchbay parked                                what was set aside
  patchbay export '$event' --out event.json      an event, to be asked again anywhere
  patchbay replay event.json                     asks every plugin of it again, and shows what differs
  patchbay plugin new router my-router           a plugin of your own
  patchbay connections                           whether each CRM is there, and what last went wrong
  patchbay hooks                                 the URLs that CRMs send their webhooks to
  patchbay polls                                 when each CRM was last asked what is new, and what it said
  patchbay odoo setup --help                     makes an Odoo ready, and looks whether it is

Everything but serve, check, registration, odoo, replay of a file and plugin talks to the running host: at the address that
patchbay.toml says, with the token that lies in its data directory; or wherever --url and --token-file say.

Exit codes:
  0  done; for `check`: nothing is wrong
  1  it failed, or a problem was found
  2  the command line is wrong
  3  no running host answers at that address

Environment:
  PATCHBAY_CONFIG  the same as --config
  PATCHBAY_LOG     how much is logged, such as `info,patchbay_pipeline=debug`";

// === impl Cli ===

impl Cli {
    /// Runs the command; says on standard error what went wrong.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let mut out = Output::stdout();
        let result = match self.command {
            Command::Serve(command) => command.run(),
            Command::Check(command) => command.run(&mut out),
            Command::Registration(command) => command.run(&mut out),
            Command::Plugins(command) => command.run(&mut out),
            Command::Why(command) => command.run(&mut out),
            Command::Parked(command) => command.run(&mut out),
            Command::Tickets(command) => command.run(&mut out),
            Command::Reply(command) => command.run(&mut out),
            Command::Rooms(command) => command.run(&mut out),
            Command::Export(command) => command.run(&mut out),
            Command::Replay(command) => command.run(&mut out),
            Command::Plugin(command) => command.run(&mut out),
            Command::Hooks(command) => command.run(&mut out),
            Command::Polls(command) => command.run(&mut out),
            Command::Odoo(command) => command.run(&mut out),
            Command::Connections(command) => command.run(&mut out),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever reads us has read enough, as in `patchbay why … | head`.
            Err(Failure::Failed(error)) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
            Err(failure) => {
                if let Some(sentence) = failure.sentence() {
                    output::complain(&sentence);
                }
                failure.code()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
