//! Waiting on a condition, with a deadline.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// A slow machine under load is given this long for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// Asks again and again until there is an answer; panics with `what` and the last reason when there is none in time.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut beat = interval(Duration::from_millis(50));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match ask().await {
            Ok(answer) => return answer,
            Err(reason) if Instant::now() > deadline => panic!("waited in vain for {what}: {reason}"),
            Err(_) => {}
        }
    }
}
