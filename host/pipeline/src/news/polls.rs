//! When each CRM is asked what is new: at its interval, at once when a webhook says so, earlier where the adapter wants to
//! be woken, and not while it fails or its connection is down. Only times are here; the cursors are in the database.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use patchbay_plugin::Chain;
use patchbay_types::{AdapterName, Digest, Millis, TenantId, units::Span};
use rand::Rng;
use serde::Serialize;

use crate::{outside::Connections, retry};

/// How often a CRM is asked, where the tenant does not say.
const EVERY: Span = Span::millis(60_000);
/// Once a chain is there, its CRMs are asked within this time.
const SOON: Millis = 1_000;
/// However many webhooks say so, a CRM is not asked again sooner than this.
const GAP: Millis = 500;
/// Pages that are asked for one after the other; then the interval passes before there are more.
const PAGES: u32 = 100;
/// A poll of which nothing is heard any more (its task ended badly) is not waited for any longer than this.
const LOST: Millis = 60_000;
/// So much is remembered of what is said once.
const SAID: usize = 10_000;
/// Whoever is held by its connection lets deliveries look first whether it is up again.
const AFTER_OTHERS: Millis = 500;

/// Whose CRM.
pub(crate) type Key = (TenantId, AdapterName);

/// All CRMs that can be asked.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    polls: BTreeMap<Key, Poll>,
    /// Numbers that were given out.
    numbers: i64,
    /// Of whom it was said that they give hints in vain.
    said: HashSet<(Key, Digest)>,
}

#[derive(Debug)]
struct Poll {
    /// What its connection knows it by, among deliveries, which have numbers above 0.
    number: i64,
    generation: u64,
    /// 0: never.
    every: Millis,
    next: Millis,
    /// A webhook has said that there is something.
    hinted: bool,
    /// When it last began.
    begun: Millis,
    /// It failed: not before then, whatever webhooks say.
    not_before: Millis,
    /// Its connection is down: as soon as that is up again.
    held: bool,
    /// Pages in a row.
    pages: u32,
    /// Failures in a row.
    failures: u32,
    /// The adapter does not do it, with the settings of this generation.
    unsupported: bool,
    since: Millis,
    last_good: Option<Millis>,
    error: Option<(Millis, String)>,
    entries: u64,
}

/// Leave to ask once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// See [`crate::outside::Connections::enter`].
    pub(crate) number: i64,
    /// Failures in a row before this.
    pub(crate) failures: u32,
}

/// How asking a CRM goes, as operators see it. Times are since the epoch, figures since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PollStatus {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that asks.
    pub adapter: AdapterName,
    /// The interval in milliseconds; 0: it is switched off.
    pub every: Millis,
    /// When the CRM last answered; none: never.
    pub last_good: Option<Millis>,
    /// Since when the host has tried.
    pub since: Millis,
    /// Not before then; none: never.
    pub next: Option<Millis>,
    /// It waits for its connection, which is down.
    pub held: bool,
    /// Failures in a row.
    pub failures: u32,
    /// When it last failed, and how; nothing once it was answered.
    pub error: Option<(Millis, String)>,
    /// Entries that were new.
    pub entries: u64,
}

// === impl Polls ===

impl Polls {
    /// Takes over from the chains who can be asked, and how often. A new generation is asked soon, with a clean record.
    pub(crate) fn read(&self, chains: &BTreeMap<TenantId, Arc<Chain>>, now: Millis, random: &mut impl Rng) {
        let mut all = self.lock();
        let mut there = BTreeMap::new();
        for (tenant, chain) in chains {
            for (name, _) in chain.adapters.iter().filter(|(_, slot)| slot.plugin.polls()) {
                let config = chain.config.adapters.get(name);
                let every = config.and_then(|config| config.poll).unwrap_or(EVERY).as_millis();
                there.insert((tenant.clone(), name.clone()), (chain.generation, every));
            }
        }
        all.polls.retain(|key, _| there.contains_key(key));
        for (key, (generation, every)) in there {
            let soon = now + random.random_range(0..=SOON.min(every));
            if let Some(poll) = all.polls.get_mut(&key) {
                if poll.generation != generation {
                    poll.renew(generation, every, soon);
                }
                continue;
            }
            all.numbers += 1;
            let number = -all.numbers;
            all.polls.insert(key, Poll::new(number, (generation, every), soon, now));
        }
    }

    /// A webhook has said that there is something; tells whether the adapter can be asked what.
    pub(crate) fn hint(&self, key: &Key) -> Hint {
        match self.lock().polls.get_mut(key) {
            None => Hint::Deaf,
            Some(poll) if poll.is_off() => Hint::Off,
            Some(poll) => {
                poll.hinted = true;
                Hint::Taken
            }
        }
    }

    /// Whether this is the first hint in vain of this component's.
    pub(crate) fn is_new(&self, key: &Key, component: Digest) -> bool {
        let mut all = self.lock();
        if all.said.len() >= SAID {
            all.said.clear();
        }
        all.said.insert((key.clone(), component))
    }

    /// Whose turn it is.
    pub(crate) fn due(&self, now: Millis, connections: &Connections) -> Vec<Key> {
        let all = self.lock();
        let due = all.polls.iter().filter(|(key, poll)| poll.is_due(key, now, connections));
        due.map(|(key, _)| key.clone()).collect()
    }

    /// Whether it is this one's turn.
    pub(crate) fn is_due(&self, key: &Key, now: Millis, connections: &Connections) -> bool {
        self.lock().polls.get(key).is_some_and(|poll| poll.is_due(key, now, connections))
    }

    /// How long until it may be somebody's turn; none: for ever.
    pub(crate) fn next_in(&self, now: Millis) -> Option<Duration> {
        let next = self.lock().polls.values().filter_map(Poll::next).min()?;
        Some(Duration::from_millis(next.saturating_sub(now)))
    }

    /// Begins to ask; nothing where that is not wanted any more.
    pub(crate) fn begin(&self, key: &Key, now: Millis) -> Option<Begun> {
        let mut all = self.lock();
        let poll = all.polls.get_mut(key).filter(|poll| !poll.is_off())?;
        (poll.begun, poll.next, poll.hinted, poll.held) = (now, now + LOST, false, false);
        Some(Begun { number: poll.number, failures: poll.failures })
    }

    /// When the CRM was last answered by, as it is stored: more is not known of the time before the start.
    pub(crate) fn was_good(&self, key: &Key, at: Millis) {
        if let Some(poll) = self.lock().polls.get_mut(key) {
            poll.last_good = poll.last_good.max(Some(at));
        }
    }

    /// The CRM has answered with so many new entries; `more` there are, and the adapter wants to be woken then.
    pub(crate) fn answered(
        &self,
        key: &Key,
        now: Millis,
        (new, more, again_at): (u64, bool, Option<Millis>),
        random: &mut impl Rng,
    ) {
        let mut all = self.lock();
        let Some(poll) = all.polls.get_mut(key) else { return };
        (poll.failures, poll.not_before, poll.error, poll.last_good) = (0, 0, None, Some(now));
        poll.entries += new;
        poll.pages = if more { poll.pages + 1 } else { 0 };
        if more && poll.pages < PAGES {
            poll.next = now;
            return;
        }
        poll.pages = 0;
        poll.next = now + jittered(poll.every, random);
        if let Some(at) = again_at {
            poll.next = poll.next.min(at.max(now + GAP));
        }
    }

    /// It did not work: not again before `until`, or, if it is `held`, before its connection is up.
    pub(crate) fn failed(&self, key: &Key, now: Millis, (until, held): (Millis, bool), why: String) {
        let mut all = self.lock();
        let Some(poll) = all.polls.get_mut(key) else { return };
        poll.failures = poll.failures.saturating_add(1);
        poll.pages = 0;
        poll.error = Some((now, why));
        poll.wait(until, held);
    }

    /// It was not tried: not before `until`, or, if it is `held`, before its connection is up.
    pub(crate) fn put_off(&self, key: &Key, until: Millis, held: bool) {
        if let Some(poll) = self.lock().polls.get_mut(key) {
            poll.wait(until, held);
        }
    }

    /// The adapter does not do it: it is not asked again before there is another generation.
    pub(crate) fn unsupported(&self, key: &Key, now: Millis, why: String) {
        if let Some(poll) = self.lock().polls.get_mut(key) {
            (poll.unsupported, poll.error) = (true, Some((now, why)));
        }
    }

    /// The clock was set back: what waits for a time waits no longer than it would have.
    pub(crate) fn look_again(&self, now: Millis) {
        for poll in self.lock().polls.values_mut() {
            poll.next = poll.next.min(now + poll.every);
            (poll.not_before, poll.begun) = (poll.not_before.min(now), poll.begun.min(now));
        }
    }

    /// How asking goes.
    pub(crate) fn list(&self) -> Vec<PollStatus> {
        let all = self.lock();
        let status = |((tenant, adapter), poll): (&Key, &Poll)| PollStatus {
            tenant: tenant.clone(),
            adapter: adapter.clone(),
            every: poll.every,
            last_good: poll.last_good,
            since: poll.since,
            next: poll.next(),
            held: poll.held,
            failures: poll.failures,
            error: poll.error.clone(),
            entries: poll.entries,
        };
        all.polls.iter().map(status).collect()
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// The CRM is asked at once.
    Taken,
    /// The tenant has switched it off.
    Off,
    /// The component exports no `polling`.
    Deaf,
}

// === impl Poll ===

impl Poll {
    fn new(number: i64, (generation, every): (u64, Millis), next: Millis, now: Millis) -> Self {
        Self {
            number,
            generation,
            every,
            next,
            hinted: false,
            begun: 0,
            not_before: 0,
            held: false,
            pages: 0,
            failures: 0,
            unsupported: false,
            since: now,
            last_good: None,
            error: None,
            entries: 0,
        }
    }

    fn renew(&mut self, generation: u64, every: Millis, soon: Millis) {
        (self.generation, self.every, self.next) = (generation, every, self.next.min(soon));
        (self.not_before, self.held, self.failures, self.unsupported) = (0, false, 0, false);
    }

    fn is_off(&self) -> bool {
        self.every == 0 || self.unsupported
    }

    /// Not before then; none: never.
    fn next(&self) -> Option<Millis> {
        let wanted = if self.hinted { self.begun + GAP } else { self.next };
        (!self.is_off()).then(|| wanted.min(self.next).max(self.not_before))
    }

    fn is_due(&self, (tenant, adapter): &Key, now: Millis, connections: &Connections) -> bool {
        let Some(next) = self.next() else { return false };
        if !self.held || retry::is_due(next, now) {
            return retry::is_due(next, now);
        }
        // Somebody else has found it up again.
        !connections.is_open(&(tenant.clone(), adapter.clone()), self.generation)
    }

    fn wait(&mut self, until: Millis, held: bool) {
        let until = if held { until + AFTER_OTHERS } else { until };
        (self.next, self.not_before, self.held) = (until, until, held);
    }
}

/// The interval, give or take a tenth: not all at once, and not always with the same others.
fn jittered(every: Millis, random: &mut impl Rng) -> Millis {
    random.random_range(every - every / 10..=every + every / 10)
}

#[cfg(test)]
mod tests;
