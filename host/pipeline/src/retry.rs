//! When to try again: exponential back-off with full jitter, from a second to a quarter of an hour.

use patchbay_types::Millis;
use rand::Rng;

const FIRST: u64 = 1_000;
const LONGEST: u64 = 15 * 60 * 1_000;
/// What the other side asks for is believed up to this: a day.
pub(crate) const LONGEST_ASKED: u64 = 86_400_000;

/// Whether what was to wait until `at` need not wait any longer. Nothing is put off for as long as a time that is further
/// away than any pause can be: the clock was wrong when it was put off.
pub(crate) fn is_due(at: Millis, now: Millis) -> bool {
    at <= now || at > now + 2 * LONGEST_ASKED
}

/// Milliseconds to wait before attempt `attempt + 1`; the first attempt is 1. What the other side asked for
/// (`retry-after`, in milliseconds) is the least, and bounded too.
pub(crate) fn pause(attempt: u32, asked: Option<u64>, random: &mut impl Rng) -> Millis {
    let ceiling = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(LONGEST);
    let jittered = random.random_range(ceiling / 4..=ceiling);
    jittered.max(asked.unwrap_or(0).min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn the_pause_grows_and_stays_bounded() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..1000 {
            assert!((250..=1000).contains(&pause(1, None, &mut random)));
            assert!(pause(1_000, None, &mut random) <= LONGEST);
        }
        let early: u64 = (0..100).map(|_| pause(2, None, &mut random)).sum();
        let late: u64 = (0..100).map(|_| pause(8, None, &mut random)).sum();
        assert!(late > 10 * early);
    }

    #[test]
    fn what_was_put_off_by_a_clock_that_was_wrong_is_due() {
        assert!(is_due(5, 5) && is_due(0, 5) && !is_due(6, 5) && !is_due(5 + LONGEST_ASKED, 5));
        assert!(is_due(365 * LONGEST_ASKED, 5));
    }

    #[test]
    fn what_the_other_side_asks_for_is_the_least() {
        let mut random = StdRng::seed_from_u64(1);
        assert_eq!(pause(1, Some(60_000), &mut random), 60_000);
    }
}
