//! Every single time is kept, so that no quantile is an estimate.

use std::{collections::HashMap, fmt, time::Duration};

use serde::Serialize;

use crate::journal::{DeskLine, SentEvent};

/// Times in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Latency(Vec<u32>);

/// What is told of many times, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many times there were.
    pub n: usize,
    /// Half were shorter.
    pub p50: f64,
    /// 95 of 100 were shorter.
    pub p95: f64,
    /// 99 of 100 were shorter.
    pub p99: f64,
    /// None was longer.
    pub max: f64,
}

// === impl Latency ===

impl Latency {
    /// Room for `n` times, so that nothing is allocated while the clock runs.
    #[must_use]
    pub fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    /// Adds a time.
    pub fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// From the moment that an event was ready to be sent to its line at the desk, by the desk's own clock: exact to a
    /// millisecond, on one machine.
    #[must_use]
    pub fn end_to_end(sent: &[SentEvent], lines: &[DeskLine]) -> Self {
        let ready: HashMap<&str, u64> =
            sent.iter().map(|event| (event.event_id.as_str(), event.sent_at)).collect();
        let mut times = Self::with_capacity(lines.len());
        for line in lines {
            if let Some(at) = line.event_id.as_deref().and_then(|id| ready.get(id)) {
                times.add(Duration::from_millis(line.at.saturating_sub(*at)));
            }
        }
        times
    }

    /// The quantiles, each of them a time that was measured.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |per_cent: usize| {
            let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
            sorted.get(rank - 1).map_or(0.0, |&micros| f64::from(micros) / 1000.0)
        };
        Quantiles { n: sorted.len(), p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p95, p99, max, .. } = self;
        write!(f, "p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let mut latency = Latency::default();
        for millis in (1..=200).rev() {
            latency.add(Duration::from_millis(millis));
        }
        let quantiles = latency.quantiles();
        assert_eq!((quantiles.p50, quantiles.p99, quantiles.max), (100.0, 198.0, 200.0));
        assert_eq!(Latency::default().quantiles(), Quantiles::default());
    }
}
