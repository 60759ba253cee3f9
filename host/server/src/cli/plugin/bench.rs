//! `patchbay plugin bench`: what a call costs.

use std::path::PathBuf;

use clap::Args;
use patchbay_workbench::{Case, Cost, Sandbox};

use super::super::output::{Output, Table};
use crate::failure::Failure;

/// Measures what one call of a component costs, and how far it stays below its limits.
///
/// Time is that of this machine, while nothing else waits for it; memory and instructions are the same everywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin bench --case cases/hello.json              the project here, built for release
  patchbay plugin bench my-router.wasm --case cases/hello.json --calls 10000
  patchbay plugin bench my-router.wasm --case cases/hello.json --json | jq .fresh.p50_us")]
pub(super) struct Bench {
    /// The component; else the project here is built.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// What it is asked.
    #[arg(long, value_name = "FILE")]
    case: PathBuf,
    /// How often.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    calls: u32,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

// === impl Bench ===

impl Bench {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let component = super::component(self.file.as_deref())?;
        let case = Case::read(&self.case)?;
        let bench = patchbay_workbench::bench(&Sandbox::new()?, &component, &case, self.calls)?;
        if self.json {
            return Ok(out.json(&bench)?);
        }
        out.line(format!("{}: {}, {} calls", component.title(), bench.function, bench.calls))?;
        let needs = bench.needs;
        let none = || "none".to_owned();
        let time = |cost: Cost| [format!("{:.1} µs", cost.p50_us), format!("{:.1} µs", cost.p99_us)];
        let mut table = Table::new(["", "P50", "P99", "LIMIT"]);
        let [p50, p99] = time(bench.fresh);
        table.row(["fresh".to_owned(), p50, p99, needs.time_limit.to_string()]);
        let [p50, p99] = time(bench.warm);
        table.row(["warm".to_owned(), p50, p99, needs.time_limit.to_string()]);
        out.table(&table)?;
        let mut table = Table::new(["", "NEEDS", "LIMIT"]);
        table.row(["memory".to_owned(), needs.memory.to_string(), needs.memory_limit.to_string()]);
        let number = |number: Option<u64>| number.map_or_else(none, |number| number.to_string());
        table.row(["fuel".to_owned(), number(needs.fuel), number(needs.fuel_limit)]);
        Ok(out.table(&table)?)
    }
}
