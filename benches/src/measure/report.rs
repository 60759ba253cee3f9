//! The figures of one run, as a table and as JSON.

use std::fmt;

use serde::Serialize;

use super::{
    latency::{Latency, Quantiles},
    usage::{NOISE, Usage},
};
use crate::{journal::DeskLine, load::Load};

/// The figures of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which run.
    pub name: String,
    /// Events accepted.
    pub events: usize,
    /// Transactions that carried them.
    pub transactions: usize,
    /// Events accepted in a second.
    pub events_per_second: f64,
    /// Transactions accepted in a second.
    pub transactions_per_second: f64,
    /// Events in a second until the last one was at the desk; nothing without a desk.
    pub delivered_per_second: Option<f64>,
    /// From a transaction's request to its answer.
    pub answer: Quantiles,
    /// From the moment that an event was due to the answer that covers it: what the homeserver's queue adds is in it.
    pub wait: Quantiles,
    /// From the moment that an event was due to its line at the desk; nothing without a desk.
    pub end_to_end: Option<Quantiles>,
    /// CPU seconds of the host for each 10,000 events.
    pub cpu_per_10k: f64,
    /// CPU and memory.
    pub usage: Usage,
    /// Others used more of the machine than a run may bear.
    pub noisy: bool,
}

// === impl Report ===

impl Report {
    /// Puts a run's figures together; `lines` are the desk's, and `delivered` the seconds until the last of them.
    #[must_use]
    pub fn new(name: &str, load: &Load, usage: Usage, desk: Option<(&[DeskLine], f64)>) -> Self {
        let events = load.accepted();
        let seconds = load.took.as_secs_f64().max(1e-6);
        Self {
            name: name.to_owned(),
            events,
            transactions: load.transactions,
            events_per_second: events as f64 / seconds,
            transactions_per_second: load.transactions as f64 / seconds,
            delivered_per_second: desk.map(|(_, seconds)| events as f64 / seconds.max(1e-6)),
            answer: load.answers.quantiles(),
            wait: load.waits.quantiles(),
            end_to_end: desk.map(|(lines, _)| Latency::end_to_end(&load.sent, lines).quantiles()),
            cpu_per_10k: usage.host_cpu * 10_000.0 / events.max(1) as f64,
            usage,
            noisy: usage.is_noisy(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, events, transactions, usage, .. } = self;
        let (per_second, tps) = (self.events_per_second, self.transactions_per_second);
        writeln!(f, "{name}")?;
        writeln!(
            f,
            "  accepted     {events} events in {transactions} transactions: {per_second:.0} events/s, {tps:.0} transactions/s"
        )?;
        if let Some(delivered) = self.delivered_per_second {
            writeln!(f, "  delivered    {delivered:.0} events/s, until the last one was at the desk")?;
        }
        writeln!(f, "  answer       {}", self.answer)?;
        writeln!(f, "  event wait   {}", self.wait)?;
        if let Some(end_to_end) = self.end_to_end {
            writeln!(f, "  end to end   {end_to_end}")?;
        }
        writeln!(
            f,
            "  CPU          {:.3} s for 10,000 events (generator {:.2} s)",
            self.cpu_per_10k, usage.own_cpu
        )?;
        write!(f, "  memory       {:.0} MiB, at most {:.0} MiB", usage.rss_mib, usage.peak_mib)?;
        if self.noisy {
            write!(
                f,
                "\n  THROW AWAY   others used {:.2} cores; {NOISE} is the most that a run bears",
                usage.others
            )?;
        }
        Ok(())
    }
}
