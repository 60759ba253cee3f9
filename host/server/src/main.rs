//! The binary `patchbay`: reads the command line, runs it, answers with an exit code.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    patchbay_server::Cli::parse().run()
}
