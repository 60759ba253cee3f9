//! When events come: each as soon as the one before was answered, or at a rate that does not care how the target does.

use std::{
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// The next transaction follows the answer to the one before: how much can it take?
    Closed,
    /// So many events a second, at random moments (a Poisson process), whether or not earlier ones were answered: how
    /// long do people wait?
    Rate(f64),
}

/// Starts a thread that tells the moments at which events are due. A thread of its own, since an async timer is exact
/// to a millisecond only. It ends with `stop`, after `events` moments, or when nobody listens any more.
///
/// # Errors
/// When the thread cannot be started.
pub fn arrivals(
    rate: f64,
    seed: u64,
    events: Option<u64>,
    stop: CancellationToken,
) -> std::io::Result<mpsc::UnboundedReceiver<Instant>> {
    let (tell, told) = mpsc::unbounded_channel();
    thread::Builder::new().name("arrivals".to_owned()).spawn(move || {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut due = Instant::now();
        let mut left = events.unwrap_or(u64::MAX);
        while left > 0 && !stop.is_cancelled() {
            let gap = -(1.0 - rng.random::<f64>()).ln() / rate.max(0.001);
            due += Duration::from_secs_f64(gap.min(10.0));
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if tell.send(due).is_err() {
                break;
            }
            left -= 1;
        }
    })?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn moments_come_in_order_at_the_rate_and_end() {
        let mut told = arrivals(20_000.0, 1, Some(2000), CancellationToken::new()).unwrap();
        let mut moments = Vec::new();
        while let Some(due) = told.recv().await {
            moments.push(due);
        }
        assert_eq!(moments.len(), 2000);
        assert!(moments.is_sorted());
        let seconds = moments.last().unwrap().duration_since(*moments.first().unwrap()).as_secs_f64();
        assert!((0.08..0.13).contains(&seconds), "{seconds}");
    }
}
