//! Whether the other side is there: one breaker for each connection, a tenant's adapter. Whoever finds it closed to us
//! opens the breaker; when the pause is over one delivery is let through to see, and everyone else waits for what it
//! finds. An outage of days then costs one request in a quarter of an hour.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use patchbay_types::{AdapterName, Millis, TenantId};
use rand::Rng;

use crate::retry;

/// A probe that has told nothing for so long is not waited for any longer.
const PROBE: Millis = 60_000;

type Key = (TenantId, AdapterName);

/// All breakers that are not closed.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<HashMap<Key, Open>>);

#[derive(Debug, Clone, Copy)]
struct Open {
    until: Millis,
    /// How often in a row it was opened.
    openings: u32,
    /// One delivery is on its way to see.
    probing: bool,
    /// The tenant's generation that found it so: another one may know the way.
    generation: u64,
}

// === impl Connections ===

impl Connections {
    /// Whether a delivery may be tried; else, until when to wait. The first one after a pause is let through alone.
    ///
    /// # Errors
    /// The time until which to wait, unless the connection is up again earlier.
    pub(crate) fn enter(&self, key: &Key, generation: u64, now: Millis) -> Result<(), Millis> {
        let mut all = self.lock();
        if all.is_empty() {
            return Ok(());
        }
        let Some(open) = all.get_mut(key).filter(|open| open.generation == generation) else { return Ok(()) };
        if open.until > now {
            return Err(open.until);
        }
        (open.probing, open.until) = (true, now + PROBE);
        Ok(())
    }

    /// The same, for whoever only wants to know.
    ///
    /// # Errors
    /// The time until which to wait.
    pub(crate) fn look(&self, key: &Key, generation: u64, now: Millis) -> Result<(), Millis> {
        let all = self.lock();
        let open = all.get(key).filter(|open| open.generation == generation && open.until > now);
        open.map_or(Ok(()), |open| Err(open.until))
    }

    /// The other side has answered; tells whether others wait for that.
    pub(crate) fn is_up(&self, key: &Key) -> bool {
        let mut all = self.lock();
        !all.is_empty() && all.remove(key).is_some()
    }

    /// The other side is not there, or wants to be left alone for `asked` milliseconds; answers until when it is.
    pub(crate) fn is_down(
        &self,
        key: &Key,
        generation: u64,
        now: Millis,
        asked: Option<u64>,
        random: &mut impl Rng,
    ) -> Millis {
        let mut all = self.lock();
        let open =
            all.entry(key.clone()).or_insert(Open { until: 0, openings: 0, probing: false, generation });
        let others_said_so = open.generation == generation && open.until > now && !open.probing;
        if others_said_so {
            // They were on their way together: that is one finding, not many.
            open.until = open.until.max(now + asked.unwrap_or(0).min(retry::LONGEST_ASKED));
            return open.until;
        }
        if open.generation != generation {
            (open.openings, open.generation) = (0, generation);
        }
        open.openings = open.openings.saturating_add(1);
        open.probing = false;
        open.until = now + retry::pause(open.openings, asked, random);
        open.until
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    fn key() -> Key {
        ("acme".into(), "crm".into())
    }

    #[test]
    fn after_a_pause_one_delivery_sees_whether_it_is_up_and_the_others_wait_for_it() {
        let (connections, mut random) = (Connections::default(), StdRng::seed_from_u64(1));
        let until = connections.is_down(&key(), 1, 0, None, &mut random);
        assert!((1..=1000).contains(&until));
        assert_eq!(connections.enter(&key(), 1, until - 1), Err(until));
        assert_eq!(connections.enter(&key(), 1, until), Ok(()));
        assert_eq!(connections.enter(&key(), 1, until), Err(until + PROBE));
        assert_eq!(connections.look(&key(), 1, until), Err(until + PROBE));
        assert!(connections.is_up(&key()));
        assert!(!connections.is_up(&key()));
        assert_eq!(connections.enter(&key(), 1, until), Ok(()));
    }

    #[test]
    fn those_that_failed_together_count_once_and_a_failed_probe_doubles_the_pause() {
        let (connections, mut random) = (Connections::default(), StdRng::seed_from_u64(1));
        let mut now = connections.is_down(&key(), 1, 0, None, &mut random);
        for _ in 0..50 {
            assert_eq!(connections.is_down(&key(), 1, 0, None, &mut random), now);
        }
        for _ in 0..20 {
            assert_eq!(connections.enter(&key(), 1, now), Ok(()));
            now = connections.is_down(&key(), 1, now, None, &mut random);
        }
        let last = connections.is_down(&key(), 1, now, Some(0), &mut random) - now;
        assert!((15 * 60 * 250..=15 * 60 * 1000).contains(&last), "{last}");
    }

    #[test]
    fn what_the_other_side_asks_for_is_the_least() {
        let (connections, mut random) = (Connections::default(), StdRng::seed_from_u64(1));
        assert_eq!(connections.is_down(&key(), 1, 0, Some(90_000), &mut random), 90_000);
        assert_eq!(connections.is_down(&key(), 1, 0, Some(120_000), &mut random), 120_000);
    }

    #[test]
    fn a_new_generation_is_tried_at_once_and_others_are_left_alone() {
        let (connections, mut random) = (Connections::default(), StdRng::seed_from_u64(1));
        let until = connections.is_down(&key(), 1, 0, None, &mut random);
        assert_eq!(connections.enter(&key(), 2, 0), Ok(()));
        assert_eq!(connections.enter(&("acme".into(), "other".into()), 1, 0), Ok(()));
        assert_eq!(connections.enter(&key(), 1, 0), Err(until));
    }
}
