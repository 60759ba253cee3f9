//! `cargo xtask`: what one does with this repository besides `cargo build`, one subcommand each.
#![expect(clippy::print_stdout, reason = "a program for the terminal: what it prints is what it is for")]

mod bench;
mod ci;
mod demo;
mod examples;
mod guests;
mod process;
mod stages;
mod synapse;
mod test;
mod torture;

use clap::Parser;

/// Tasks of the Patchbay repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version, about)]
enum Task {
    /// Builds the plugins of this repository into `target/guests/<name>.wasm`.
    Guests(guests::Args),
    /// Shows Patchbay at work: builds it, plays what a real homeserver sent, swaps components while people write.
    Demo(demo::Options),
    /// Runs the whole suite: tests, doc tests, and the end-to-end tests against a real Synapse.
    Test(test::Options),
    /// Goes through the examples as a newcomer does: tests, builds, checks and asks each in the sandbox.
    Examples,
    /// Runs exactly what the continuous integration runs: format, lints, licences, then `test --require-synapse`.
    Ci,
    /// Tries to break a built host: swaps, kills, evil guests, repeated transactions, all under load.
    Torture(torture::Options),
    /// Measures speed and memory, and prints them beside the aims.
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Guests(args) => guests::run(&args),
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Examples => examples::run(),
        Task::Ci => ci::run(),
        Task::Torture(options) => torture::run(&options),
        Task::Bench(options) => bench::run(&options),
    }
}
