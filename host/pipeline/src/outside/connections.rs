//! Whether the other side is there: one breaker for each connection, a tenant's adapter. Whoever finds it closed to us
//! opens the breaker; when the pause is over one delivery is let through to see, and everyone else waits for what it
//! finds. An outage of days then costs one request in a quarter of an hour.
//!
//! A delivery that finds nobody there while others are answered is alone with its trouble ([`alone`]): it opens nothing.

mod alone;
mod health;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use patchbay_types::{AdapterName, Millis, TenantId};
use rand::Rng;

use self::{alone::Alone, health::Healths};
use crate::retry;

/// A probe that has told nothing for so long is not waited for any longer.
const PROBE: Millis = 60_000;
/// After one that ended and told nothing, somebody else may look so much later.
const UNTOLD: Millis = 1_000;
/// While one is on its way, the others ask again so often what it has told.
const ASK: Millis = 5_000;

type Key = (TenantId, AdapterName);

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<All>, Healths);

#[derive(Debug, Default)]
struct All {
    /// The breakers that are not closed.
    open: HashMap<Key, Open>,
    alone: Alone,
}

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

/// Leave to try one delivery.
#[derive(Debug)]
#[must_use]
pub(crate) struct Pass<'a> {
    connections: &'a Connections,
    key: Key,
    generation: u64,
    delivery: i64,
    /// It sees for all others, until then.
    probe: Option<Millis>,
    /// It is not the first that sees for all others, or it was alone with what it found.
    again: bool,
}

/// What a delivery has found that found nobody there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nobody is there, for anybody; until then.
    Down(Millis),
    /// Others were answered since it found nobody before, so many times.
    Alone(u32),
}

// === impl Connections ===

impl Connections {
    /// Whether a delivery may be tried; else, until when to wait. The first one after a pause is let through alone. If
    /// its pass is dropped and it has told nothing, soon another one is.
    ///
    /// # Errors
    /// The time until which to wait, unless the connection is up again earlier.
    pub(crate) fn enter(
        &self,
        key: &Key,
        generation: u64,
        delivery: i64,
        now: Millis,
    ) -> Result<Pass<'_>, Millis> {
        let mut all = self.lock();
        let (mut probe, mut again) = (None, all.alone.is_alone(delivery));
        if let Some(open) = all.open.get_mut(key).filter(|open| open.generation == generation) {
            if open.waits(now) {
                return Err(open.wait(now));
            }
            (open.probing, open.until) = (true, now + PROBE);
            (probe, again) = (Some(open.until), again || open.openings > 1);
        }
        drop(all);
        Ok(Pass { connections: self, key: key.clone(), generation, delivery, probe, again })
    }

    /// The same, for whoever only wants to know.
    ///
    /// # Errors
    /// The time until which to wait.
    pub(crate) fn look(&self, key: &Key, generation: u64, now: Millis) -> Result<(), Millis> {
        let all = self.lock();
        let open = all.open.get(key).filter(|open| open.generation == generation && open.waits(now));
        open.map_or(Ok(()), |open| Err(open.wait(now)))
    }

    /// Whether this generation has found nobody there, and nobody has been answered since.
    pub(crate) fn is_open(&self, key: &Key, generation: u64) -> bool {
        self.lock().open.get(key).is_some_and(|open| open.generation == generation)
    }

    /// What people are told of the connections.
    pub(crate) fn health(&self) -> &Healths {
        &self.1
    }

    /// When a connection that is down is tried next.
    pub(crate) fn next_try(&self, key: &Key, generation: u64) -> Option<Millis> {
        let all = self.lock();
        all.open.get(key).filter(|open| open.generation == generation).map(|open| open.until)
    }

    /// Somebody looked, and somebody is there.
    pub(crate) fn is_there(&self, key: &Key) {
        self.lock().open.remove(key);
    }

    /// Nobody tries this delivery any more.
    pub(crate) fn forget(&self, delivery: i64) {
        self.lock().alone.forget(delivery);
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Pass ===

impl Pass<'_> {
    /// Whether the adapter should be asked first if anybody is there: others have looked in vain, or this one has. Where
    /// nobody else writes, nothing else can tell an outage from words that break the CRM.
    pub(crate) fn wants_probe(&self) -> bool {
        self.again
    }

    /// Somebody is there, whatever becomes of this delivery; tells whether others waited for that.
    pub(crate) fn is_answered(&self) -> bool {
        let mut all = self.connections.lock();
        all.alone.answers(&self.key);
        all.open.remove(&self.key).is_some()
    }

    /// The other side has answered this delivery; tells whether others waited for that. What was found after this one
    /// had set out is not taken back: the other side may have asked for a pause.
    pub(crate) fn is_up(&self) -> bool {
        let mut all = self.connections.lock();
        all.alone.answered(&self.key, self.delivery);
        let mine = |open: &Open| self.probe.is_some() || open.generation != self.generation;
        if all.open.get(&self.key).is_some_and(mine) { all.open.remove(&self.key).is_some() } else { false }
    }

    /// The other side is not there, does not talk to us, or wants to be left alone for `asked` milliseconds.
    pub(crate) fn is_down(&self, now: Millis, asked: Option<u64>, random: &mut impl Rng) -> Found {
        let mut known = self.connections.lock();
        let times = known.alone.found_nobody(&self.key, self.delivery);
        if times > 0 {
            return Found::Alone(times);
        }
        let generation = self.generation;
        let new = Open { until: 0, openings: 0, probing: false, generation };
        let open = known.open.entry(self.key.clone()).or_insert(new);
        let others_said_so = open.generation == generation && open.openings > 0 && self.probe.is_none();
        if others_said_so {
            // They were on their way together: that is one finding, not many.
            let asked = now + asked.unwrap_or(0).min(retry::LONGEST_ASKED);
            open.until = open.until.max(asked);
            return Found::Down(open.until);
        }
        if open.generation != generation {
            (open.openings, open.generation) = (0, generation);
        }
        open.openings = open.openings.saturating_add(1);
        open.probing = false;
        open.until = now + retry::pause(open.openings, asked, random);
        Found::Down(open.until)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let Some(until) = self.probe else { return };
        let mut all = self.connections.lock();
        let mine = all.open.get_mut(&self.key).filter(|open| open.probing && open.until == until);
        if let Some(open) = mine {
            (open.probing, open.until) = (false, until - PROBE + UNTOLD);
        }
    }
}

// === impl Open ===

impl Open {
    fn waits(&self, now: Millis) -> bool {
        !retry::is_due(self.until, now)
    }

    fn wait(&self, now: Millis) -> Millis {
        if self.probing { self.until.min(now + ASK) } else { self.until }
    }
}

#[cfg(test)]
mod tests;
