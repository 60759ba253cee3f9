//! The binary `patchbay`: reads the command line, runs it, answers with an exit code.

use std::process::ExitCode;

use clap::Parser as _;

/// Every event makes and drops some hundred small strings, on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    patchbay_server::Cli::parse().run()
}
