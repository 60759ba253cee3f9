//! One breaker for each (tenant, slot, component): a component that faults again and again is left alone for a while,
//! and its lanes wait, instead of burning its tenant's share.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use patchbay_types::{Digest, Millis, TenantId};

use crate::retry;

/// So many faults within [`WINDOW`] open the breaker.
const FAULTS: usize = 5;
const WINDOW: Millis = 30_000;
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 60_000;

/// Which component, in whose slot.
pub(crate) type BreakerKey = (TenantId, Arc<str>, Digest);

/// All breakers.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<BreakerKey, Breaker>>);

#[derive(Debug, Default)]
struct Breaker {
    faults: VecDeque<Millis>,
    open_until: Option<Millis>,
    openings: u32,
}

// === impl Breakers ===

impl Breakers {
    /// Whether a call may be made; else, until when to wait. After the pause one call is let through: it closes the
    /// breaker or opens it for twice as long.
    ///
    /// # Errors
    /// The time until which it is open.
    pub(crate) fn allow(&self, key: &BreakerKey, now: Millis) -> Result<(), Millis> {
        let all = self.lock();
        if all.is_empty() {
            return Ok(());
        }
        match all.get(key).and_then(|breaker| breaker.open_until) {
            Some(until) if !retry::is_due(until, now) => Err(until),
            _ => Ok(()),
        }
    }

    /// A call gave a value, or an error of the guest's own: closes a breaker that was half open.
    pub(crate) fn passed(&self, key: &BreakerKey) {
        let mut all = self.lock();
        if all.get(key).is_some_and(|breaker| breaker.open_until.is_some()) {
            all.remove(key);
        }
    }

    /// A call faulted; answers until when the breaker is open, if it is now.
    pub(crate) fn faulted(&self, key: &BreakerKey, now: Millis) -> Option<Millis> {
        let mut all = self.lock();
        let breaker = all.entry(key.clone()).or_default();
        breaker.faults.push_back(now);
        breaker.faults.retain(|&at| at + WINDOW > now);
        // A half-open breaker needs no second proof.
        let probing = breaker.open_until.is_some_and(|until| until <= now);
        if probing || breaker.faults.len() >= FAULTS { Some(breaker.open(now)) } else { None }
    }

    /// The component fails even its golden call: opens at once.
    pub(crate) fn trip(&self, key: &BreakerKey, now: Millis) -> Millis {
        self.lock().entry(key.clone()).or_default().open(now)
    }

    /// How many are open.
    #[must_use]
    pub(crate) fn open(&self, now: Millis) -> usize {
        self.lock().values().filter(|breaker| breaker.open_until.is_some_and(|until| until > now)).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BreakerKey, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Breaker ===

impl Breaker {
    fn open(&mut self, now: Millis) -> Millis {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.openings.min(16)).min(LONGEST_PAUSE);
        self.openings += 1;
        self.faults.clear();
        let until = now + pause;
        self.open_until = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> BreakerKey {
        ("t".into(), "mapper".into(), Digest::of(b"x"))
    }

    #[test]
    fn five_faults_open_it_and_the_pause_doubles() {
        let breakers = Breakers::default();
        for _ in 0..4 {
            assert_eq!(breakers.faulted(&key(), 0), None);
        }
        assert_eq!(breakers.faulted(&key(), 0), Some(1_000));
        assert_eq!(breakers.allow(&key(), 999), Err(1_000));
        assert_eq!(breakers.allow(&key(), 1_000), Ok(()));
        assert_eq!(breakers.faulted(&key(), 1_000), Some(3_000));
    }

    #[test]
    fn rare_faults_do_not_open_it() {
        let breakers = Breakers::default();
        for n in 0..20 {
            assert_eq!(breakers.faulted(&key(), n * 10_000), None);
        }
    }

    #[test]
    fn a_call_that_passes_closes_it_but_hides_no_flakiness() {
        let breakers = Breakers::default();
        breakers.trip(&key(), 0);
        breakers.passed(&key());
        assert_eq!(breakers.allow(&key(), 1), Ok(()));
        for _ in 0..4 {
            breakers.faulted(&key(), 1);
            breakers.passed(&key());
        }
        assert!(breakers.faulted(&key(), 1).is_some());
    }
}
