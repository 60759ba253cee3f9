//! `patchbay-bench`: measures a built host and prints each figure beside its aim. `cargo xtask bench` builds what it
//! needs and calls it.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use patchbay_benches::{
    figures::{self, Aim, Amount, Row, limits},
    measure::Report,
    torture::Places,
};
use patchbay_types::config::Synchronous;

/// Measures a built host. The machine should have nothing else to do.
#[derive(Parser)]
#[command(
    name = "patchbay-bench",
    version,
    after_help = "\
The rows of adapters that reach outside, to look at (some minutes) and to quote (a million events: five minutes, 5 GiB of free disk):
  cargo xtask bench outside --quick
  cargo xtask bench outside

Built already:
  patchbay-bench --host target/release/patchbay --components target/guests --only outside --quick"
)]
struct Args {
    /// The program `patchbay`.
    #[arg(long)]
    host: PathBuf,
    /// Built components.
    #[arg(long)]
    components: PathBuf,
    /// Reports go here.
    #[arg(long, default_value = "target/bench")]
    work: PathBuf,
    /// These alone; without it, all
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Fewer events: figures to look at, not to quote.
    #[arg(long)]
    quick: bool,
    /// Hardly any events: no figures at all, but whether everything runs, with a debug build too.
    #[arg(long, conflicts_with = "quick")]
    tiny: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// From a transaction to the line at the desk, and the limits beside it.
    Host,
    /// What reaching a CRM outside costs: exchanges, a slow one, webhooks, an outage of a million events.
    Outside,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let work = std::path::absolute(&args.work)?;
    let places = Places { host: args.host.clone(), components: args.components.clone(), work: work.clone() };
    let amount = match (args.tiny, args.quick) {
        (true, _) => Amount::tiny(),
        (_, true) => Amount::quick(),
        _ => Amount::full(),
    };
    let mut rows = Vec::new();
    if args.only != Some(Only::Outside) {
        host(&mut rows, &places, amount).await?;
    }
    if args.only != Some(Only::Host) {
        figures::outside::all(&places, amount, |row| show(&mut rows, row)).await?;
    }
    let path = work.join("figures.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&rows)?).with_context(|| path.display().to_string())
}

/// From a transaction to the line at the desk, and the limits beside it.
async fn host(rows: &mut Vec<Row>, places: &Places, amount: Amount) -> anyhow::Result<()> {
    for batch in [1, 100] {
        let program = std::env::current_exe()?.with_file_name("patchbay-load");
        let report = limits::null(&program, batch, amount.events).await?;
        show(rows, of(&report, "transactions answered, nothing kept", "/s", report.transactions_per_second));
    }
    for (synchronous, word) in [(Synchronous::Full, "FULL"), (Synchronous::Normal, "NORMAL")] {
        for batch in [1, 100] {
            let events = if batch == 1 { amount.events / 10 } else { amount.events };
            let stored = limits::storage(&places.work.join("storage"), synchronous, batch, events).await?;
            let what = format!("storage alone, {word}, batch {batch}: events kept");
            show(rows, Row::new(what, stored.per_second, "/s", Aim::None, false));
        }
    }
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for batch in [1, 10, 100] {
            let report = figures::closed(places, synchronous, batch, amount).await?;
            whole_way(rows, &report, synchronous, batch);
        }
    }
    for (swaps, aim) in [(false, 5.0), (true, 6.0)] {
        let report = figures::steady(places, swaps, amount).await?;
        show(rows, Row { aim: Aim::AtMost(aim), ..of(&report, "answer p99", "ms", report.answer.p99) });
        show(rows, of(&report, "event wait p99, queue included", "ms", report.wait.p99));
        if let Some(through) = report.end_to_end {
            show(rows, of(&report, "end to end p99", "ms", through.p99));
        }
        show(rows, of(&report, "CPU for 10,000 events", "s", report.cpu_per_10k));
    }
    Ok(())
}

/// What is told of one closed run.
fn whole_way(rows: &mut Vec<Row>, report: &Report, synchronous: Synchronous, batch: usize) {
    let full = synchronous == Synchronous::Full;
    let aim = |holds: bool, aim: Aim| if holds { aim } else { Aim::None };
    let accepted = of(report, "events accepted", "/s", report.events_per_second);
    show(rows, accepted);
    if batch == 1 {
        let row = of(report, "transactions accepted", "/s", report.transactions_per_second);
        show(rows, Row { aim: aim(full, Aim::AtLeast(2000.0)), ..row });
    }
    if let Some(delivered) = report.delivered_per_second {
        let row = of(report, "events at the desk", "/s", delivered);
        show(rows, Row { aim: aim(full && batch == 100, Aim::AtLeast(12_000.0)), ..row });
    }
    show(rows, of(report, "answer p50", "ms", report.answer.p50));
    show(rows, of(report, "answer p99", "ms", report.answer.p99));
    let cpu = of(report, "CPU for 10,000 events", "s", report.cpu_per_10k);
    show(rows, Row { aim: aim(full && batch == 100, Aim::AtMost(1.5)), ..cpu });
    let memory = of(report, "memory under load", "MiB", report.usage.peak_mib);
    show(rows, Row { aim: aim(full, Aim::AtMost(150.0)), ..memory });
}

fn of(report: &Report, what: &str, unit: &'static str, found: f64) -> Row {
    Row::new(format!("{}: {what}", report.name), found, unit, Aim::None, report.noisy)
}

fn show(rows: &mut Vec<Row>, row: Row) {
    println!("{row}");
    rows.push(row);
}
