//! A breaker for each (tenant, slot, component): a plugin that faults again and again is left alone for a while, so
//! that its lane waits instead of burning time, and is tried again with one call at a time.
//!
//! Time comes in as an argument, and so does the chance that spreads many breakers' next attempts.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use patchbay_types::{Digest, Millis, TenantId};

/// This many faults ...
const FAULTS: usize = 5;
/// ... within this long open it.
const WINDOW: Millis = 30_000;
/// First pause; each failed attempt doubles it.
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 60_000;

/// What a breaker is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Guarded {
    /// The tenant.
    pub tenant: TenantId,
    /// `mapper`, `router`, `adapters.<name>`.
    pub slot: Arc<str>,
    /// The component: another one starts with a clean record.
    pub component: Digest,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Make it, and [`Breakers::record`] how it ended.
    Call,
    /// Hold whatever waits for it until then.
    HoldUntil(Millis),
}

/// How a call ended, as far as the sandbox is concerned: an error that the guest returned is `Ran`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The sandbox did not have to end it.
    Ran,
    /// It did.
    Faulted,
}

/// All breakers of a host.
#[derive(Debug, Default)]
pub struct Breakers {
    known: Mutex<HashMap<Guarded, Breaker>>,
}

/// Only what has faulted lately is remembered.
#[derive(Debug)]
enum Breaker {
    /// Calls pass; these are the times of the latest faults.
    Closed { faults: VecDeque<Millis> },
    /// None passes before `until`.
    Open { until: Millis, pause: Millis },
    /// One is on trial; if nobody says how it ended, the next one may pass at `until`.
    Trial { until: Millis, pause: Millis },
}

// === impl Breakers ===

impl Breakers {
    /// Whether a call may be made at `now`.
    pub fn allow(&self, guarded: &Guarded, now: Millis) -> Verdict {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(guarded) {
            None | Some(Breaker::Closed { .. }) => Verdict::Call,
            Some(Breaker::Open { until, .. } | Breaker::Trial { until, .. }) if now < *until => {
                Verdict::HoldUntil(*until)
            }
            Some(breaker) => {
                if let Breaker::Open { pause, .. } | Breaker::Trial { pause, .. } = *breaker {
                    *breaker = Breaker::Trial { until: now.saturating_add(pause), pause };
                }
                Verdict::Call
            }
        }
    }

    /// Says how a call ended. `chance`, from 0 to 1, lengthens a pause by up to half of it. Answers whether this fault
    /// opened the breaker, so that it can be told once.
    pub fn record(&self, guarded: &Guarded, ended: Ended, now: Millis, chance: f64) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Ended::Ran => {
                // A call that began before the breaker opened says nothing of what came after.
                if !matches!(known.get(guarded), Some(Breaker::Open { .. })) {
                    known.remove(guarded);
                }
                false
            }
            Ended::Faulted => {
                let breaker = known
                    .entry(guarded.clone())
                    .or_insert_with(|| Breaker::Closed { faults: VecDeque::new() });
                breaker.fault(now, chance)
            }
        }
    }

    /// Forgets a component that no chain uses any more.
    pub fn forget(&self, guarded: &Guarded) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(guarded);
    }
}

// === impl Breaker ===

impl Breaker {
    fn fault(&mut self, now: Millis, chance: f64) -> bool {
        let pause = match self {
            Self::Closed { faults } => {
                faults.push_back(now);
                faults.retain(|&at| at.saturating_add(WINDOW) > now);
                if faults.len() < FAULTS {
                    return false;
                }
                FIRST_PAUSE
            }
            Self::Trial { pause, .. } => pause.saturating_mul(2).min(LONGEST_PAUSE),
            // It was under way when the breaker opened.
            Self::Open { .. } => return false,
        };
        *self = Self::Open { until: now.saturating_add(lengthened(pause, chance)), pause };
        true
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a minute at most"
)]
fn lengthened(pause: Millis, chance: f64) -> Millis {
    pause + (pause as f64 * chance.clamp(0.0, 1.0) / 2.0) as Millis
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded() -> Guarded {
        Guarded { tenant: TenantId::new("acme"), slot: Arc::from("mapper"), component: Digest::of(b"x") }
    }

    fn opened_at(now: Millis) -> Breakers {
        let breakers = Breakers::default();
        for n in 1..FAULTS {
            assert!(!breakers.record(&guarded(), Ended::Faulted, now, 0.0), "fault {n}");
        }
        assert!(breakers.record(&guarded(), Ended::Faulted, now, 0.0));
        breakers
    }

    #[test]
    fn five_faults_in_half_a_minute_open_it() {
        let breakers = opened_at(1_000);
        assert_eq!(breakers.allow(&guarded(), 1_999), Verdict::HoldUntil(2_000));
    }

    #[test]
    fn slower_faults_do_not() {
        let breakers = Breakers::default();
        for n in 0..50 {
            assert!(!breakers.record(&guarded(), Ended::Faulted, n * WINDOW / 4, 0.0));
        }
        assert_eq!(breakers.allow(&guarded(), 50 * WINDOW), Verdict::Call);
    }

    #[test]
    fn a_call_that_ran_closes_it() {
        let breakers = opened_at(0);
        assert_eq!(breakers.allow(&guarded(), 1_000), Verdict::Call);
        breakers.record(&guarded(), Ended::Ran, 1_001, 0.0);
        assert!(!breakers.record(&guarded(), Ended::Faulted, 1_002, 0.0));
        assert_eq!(breakers.allow(&guarded(), 1_003), Verdict::Call);
    }

    #[test]
    fn one_call_at_a_time_is_tried_and_the_pause_doubles_up_to_a_minute() {
        let breakers = opened_at(0);
        let mut now = 1_000;
        for pause in [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(breakers.allow(&guarded(), now), Verdict::Call);
            assert!(
                matches!(breakers.allow(&guarded(), now), Verdict::HoldUntil(_)),
                "one is on trial already"
            );
            assert!(breakers.record(&guarded(), Ended::Faulted, now, 0.0));
            assert_eq!(breakers.allow(&guarded(), now), Verdict::HoldUntil(now + pause));
            now += pause;
        }
    }

    #[test]
    fn a_trial_that_nobody_reports_on_does_not_hold_for_ever() {
        let breakers = opened_at(0);
        assert_eq!(breakers.allow(&guarded(), 1_000), Verdict::Call);
        assert_eq!(breakers.allow(&guarded(), 2_000), Verdict::Call);
    }

    #[test]
    fn chance_lengthens_a_pause_by_half_at_most() {
        let until = |chance| {
            let breakers = Breakers::default();
            for _ in 0..FAULTS {
                breakers.record(&guarded(), Ended::Faulted, 0, chance);
            }
            breakers.allow(&guarded(), 0)
        };
        assert_eq!(until(0.5), Verdict::HoldUntil(1_250));
        assert_eq!(until(7.0), Verdict::HoldUntil(1_500));
    }

    #[test]
    fn another_component_in_the_slot_starts_clean() {
        let breakers = opened_at(0);
        let other = Guarded { component: Digest::of(b"y"), ..guarded() };
        assert_eq!(breakers.allow(&other, 0), Verdict::Call);
    }
}
