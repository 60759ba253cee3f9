//! One door as it is watched: how much may come through it, and what did.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use metrics::{Counter, Histogram, counter, histogram};
use patchbay_types::{AdapterName, Millis, TenantId, config::HooksConfig};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one door under way at once: one that is slow leaves room for its tenant's others.
const UNDER_WAY: usize = 48;

/// Whose door.
pub(super) type Place = (TenantId, AdapterName);

/// A door's bounds and counters.
pub(super) struct Watched {
    rate: DefaultDirectRateLimiter,
    under_way: Arc<Semaphore>,
    of_tenant: Arc<Semaphore>,
    seconds: Histogram,
    outcomes: [(Counter, AtomicU64); 10],
    received: AtomicU64,
    last: AtomicU64,
}

/// What became of a request that showed a right token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its adapter wants it, and it is on disk.
    Kept,
    /// One with its key was kept before.
    Known,
    /// Its adapter answered it, and does not want it.
    Refused,
    /// Its adapter could not be asked: it is on disk, and asked about later.
    Unheard,
    /// More than the rate.
    TooMany,
    /// Too much is under way.
    Busy,
    /// The body is too large.
    TooLarge,
    /// The URL or the headers are.
    LargeHead,
    /// The body ended too early, or took too long.
    Incomplete,
    /// It could not be kept.
    NotStored,
}

/// A door, as operators see it. The figures are those since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter behind it.
    pub adapter: AdapterName,
    /// Where the CRM is to send its webhooks. Whoever has it may send some: it is as secret as a password.
    pub url: String,
    /// Requests with the right token.
    pub received: u64,
    /// Of them, those that were kept.
    pub kept: u64,
    /// Those that had been kept before.
    pub known: u64,
    /// Those that the adapter answered and did not want, such as a challenge, or a forgery.
    pub refused: u64,
    /// Those that were kept without asking the adapter, which could not be asked.
    pub unheard: u64,
    /// Those that the host turned away: too many, too large, incomplete, or not to be stored.
    pub turned_away: u64,
    /// When the last one came.
    pub last_at: Option<Millis>,
}

// === impl Watched ===

impl Watched {
    /// `of_tenant`: places that all of the tenant's doors share.
    pub(super) fn new((tenant, adapter): &Place, config: &HooksConfig, of_tenant: Arc<Semaphore>) -> Self {
        let rate = NonZeroU32::new(config.rate).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_add(config.burst));
        let labels = [("tenant", tenant.to_string()), ("adapter", adapter.to_string())];
        let outcomes = Outcome::ALL.map(|outcome| {
            let [tenant, adapter] = labels.clone();
            let labels = [tenant, adapter, ("outcome", outcome.as_str().to_owned())];
            (counter!("patchbay_hooks_total", &labels), AtomicU64::new(0))
        });
        Self {
            rate: RateLimiter::direct(quota),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
            of_tenant,
            seconds: histogram!("patchbay_hook_seconds", &labels),
            outcomes,
            received: AtomicU64::new(0),
            last: AtomicU64::new(0),
        }
    }

    /// Lets one more through, unless it is above the rate.
    ///
    /// # Errors
    /// How long until it would not be.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        self.rate.check().map_err(|not_until| not_until.wait_time_from(self.rate.clock().now()))
    }

    /// A place for one that is under way; nothing where there are too many.
    pub(super) fn enter(&self) -> Option<[OwnedSemaphorePermit; 2]> {
        let place = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        Some([place(&self.under_way)?, place(&self.of_tenant)?])
    }

    pub(super) fn count(&self, outcome: Outcome, at: Millis, took: Duration) {
        self.received.fetch_add(1, Relaxed);
        self.last.fetch_max(at, Relaxed);
        self.seconds.record(took);
        if let Some((counter, number)) = self.outcomes.get(outcome as usize) {
            counter.increment(1);
            number.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn listed(&self, (tenant, adapter): Place, url: String) -> Listed {
        let number =
            |outcome: Outcome| self.outcomes.get(outcome as usize).map_or(0, |(_, n)| n.load(Relaxed));
        let (kept, known) = (number(Outcome::Kept), number(Outcome::Known));
        let (refused, unheard) = (number(Outcome::Refused), number(Outcome::Unheard));
        let received = self.received.load(Relaxed);
        let last = self.last.load(Relaxed);
        Listed {
            tenant,
            adapter,
            url,
            received,
            kept,
            known,
            refused,
            unheard,
            turned_away: received.saturating_sub(kept + known + refused + unheard),
            last_at: (last > 0).then_some(last),
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// In the order of their numbers.
    const ALL: [Self; 10] = [
        Self::Kept,
        Self::Known,
        Self::Refused,
        Self::Unheard,
        Self::TooMany,
        Self::Busy,
        Self::TooLarge,
        Self::LargeHead,
        Self::Incomplete,
        Self::NotStored,
    ];

    /// The word that metrics and logs use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Known => "known",
            Self::Refused => "refused",
            Self::Unheard => "unheard",
            Self::TooMany => "too-many",
            Self::Busy => "busy",
            Self::TooLarge => "too-large",
            Self::LargeHead => "large-head",
            Self::Incomplete => "incomplete",
            Self::NotStored => "not-stored",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(config: &HooksConfig) -> Watched {
        Watched::new(&("acme".into(), "crm".into()), config, Arc::new(Semaphore::new(60)))
    }

    #[test]
    fn a_door_leaves_room_for_its_tenants_others_and_a_tenant_for_other_tenants() {
        let one = door(&HooksConfig::default());
        let other =
            Watched::new(&("acme".into(), "b".into()), &HooksConfig::default(), Arc::clone(&one.of_tenant));
        let places: Vec<_> = std::iter::from_fn(|| one.enter()).collect();
        assert_eq!(places.len(), UNDER_WAY);
        assert_eq!(std::iter::from_fn(|| other.enter()).collect::<Vec<_>>().len(), 60 - UNDER_WAY);
        drop(places);
        assert!(one.enter().is_some());
    }

    #[test]
    fn a_burst_passes_and_what_is_above_it_is_told_when_to_come_again() {
        let config = HooksConfig { rate: 1, burst: 2, ..HooksConfig::default() };
        let door = door(&config);
        for _ in 0..3 {
            assert_eq!(door.admit(), Ok(()));
        }
        let wait = door.admit().unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[test]
    fn each_outcome_is_counted_under_its_own_name() {
        let door = door(&HooksConfig::default());
        for (n, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, n);
            door.count(outcome, 7, Duration::ZERO);
        }
        let listed = door.listed(("acme".into(), "crm".into()), String::new());
        assert_eq!((listed.received, listed.kept, listed.turned_away, listed.last_at), (10, 1, 6, Some(7)));
    }
}
