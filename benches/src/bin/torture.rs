//! `patchbay-torture`: tries to break a built host. `cargo xtask torture` builds what it needs and calls it.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use patchbay_benches::torture::{
    Counts, Outcome, Places, crashes, evil, kill, odoo, replay, sabotage, swaps,
};

/// Tries to break a host, and judges by the two sides' logs. Exit code 1: a demand was not met.
#[derive(Parser)]
#[command(name = "patchbay-torture", version)]
struct Args {
    /// What to try.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// How much of it.
    #[arg(long, value_enum, default_value = "small")]
    counts: Amount,
    /// Another number of swaps than `--counts` says.
    #[arg(long)]
    swaps: Option<u32>,
    /// The program `patchbay`.
    #[arg(long)]
    host: PathBuf,
    /// The same, built with the feature `sabotage`.
    #[arg(long)]
    sabotaged_host: Option<PathBuf>,
    /// Built components.
    #[arg(long)]
    components: PathBuf,
    /// The evil guests as components, with their index `corpus.json`.
    #[arg(long)]
    evil: Option<PathBuf>,
    /// The captured transactions.
    #[arg(long, default_value = "fixtures/matrix/transactions.json")]
    captures: PathBuf,
    /// Reports and logs go here.
    #[arg(long, default_value = "target/torture")]
    work: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Components replaced under load.
    Swaps,
    /// `kill -9` under load.
    Kill,
    /// The host dies around each write and each step of what an adapter does outside.
    Crashes,
    /// Hosts that break a promise on purpose: the checker has to notice.
    Sabotage,
    /// Customers in Matrix, agents in an Odoo; the host dies, and both sides go up and down.
    Odoo,
    /// Guests that misbehave, beside a tenant that must not feel it.
    Evil,
    /// Captured transactions, repeated and shuffled.
    Replay,
}

#[derive(Clone, Copy, ValueEnum)]
enum Amount {
    /// Enough to notice that something broke.
    Small,
    /// What the promises are held to.
    Full,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let mut counts = match args.counts {
        Amount::Small => Counts::small(),
        Amount::Full => Counts::full(),
    };
    counts.swaps = args.swaps.unwrap_or(counts.swaps);
    let mut good = true;
    for scenario in &args.scenarios {
        let outcome = run(*scenario, &args, &counts).await?;
        outcome.save(&args.work)?;
        println!("{outcome}");
        good &= outcome.is_good();
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(scenario: Scenario, args: &Args, counts: &Counts) -> anyhow::Result<Outcome> {
    let places = Places {
        host: args.host.clone(),
        components: args.components.clone(),
        // The host runs in a directory of its own.
        work: std::path::absolute(&args.work)?,
    };
    match scenario {
        Scenario::Swaps => swaps::run(&places, counts).await,
        Scenario::Kill => kill::run(&places, counts).await,
        Scenario::Crashes => {
            // A release build dies at its points only with the feature.
            let host = args.sabotaged_host.clone().unwrap_or_else(|| places.host.clone());
            crashes::run(&Places { host, ..places }, counts).await
        }
        Scenario::Odoo => {
            let host = args.sabotaged_host.clone().unwrap_or_else(|| places.host.clone());
            odoo::run(&Places { host, ..places }, counts).await
        }
        Scenario::Evil => {
            let corpus = args.evil.as_ref().context("--evil is needed")?;
            evil::run(&places, corpus, counts).await
        }
        Scenario::Replay => replay::run(&places, &args.captures).await,
        Scenario::Sabotage => {
            let host = args.sabotaged_host.clone().context("--sabotaged-host is needed")?;
            sabotage::run(&places, host, counts).await
        }
    }
}
