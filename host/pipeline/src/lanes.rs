//! Lanes: order inside each, none waits for another, no tenant takes another's share, and memory stays bounded.
//!
//! A lane is a queue that one worker at a time drains. What does not fit into memory stays in the database: the lane
//! then remembers that it *spilled*, and asks to be refilled when it is empty. A lane that is *held* keeps nothing in
//! memory at all, so that an outage of days costs disk only. Whose turn it is goes round by tenant first, by lane
//! second.

use std::{
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use std::cmp::Reverse;

use patchbay_types::{Millis, TenantId};
use tokio::sync::Notify;

/// What a lane is known by: its tenant decides whose share it counts toward.
pub(crate) trait LaneKey: Clone + Eq + Hash + Ord + Send + 'static {
    /// What lanes of one tenant have in common that want the same thing outside, of which so many may be at work at once.
    type Group: Clone + Eq + Hash + Send;

    /// The tenant.
    fn tenant(&self) -> &TenantId;
    /// What it wants outside.
    fn group(&self) -> Self::Group;
}

/// Bounds of a set of lanes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneLimits {
    /// Items in memory over all lanes.
    pub window: usize,
    /// Items in memory in one lane.
    pub lane: usize,
    /// Items that one turn of a lane takes.
    pub turn: usize,
    /// Lanes at work at once.
    pub workers: usize,
    /// Lanes of one tenant at work at once.
    pub tenant_workers: usize,
}

/// A set of lanes of items, each with a number that rises within its lane.
pub(crate) struct Lanes<K: LaneKey, T> {
    limits: LaneLimits,
    state: Mutex<State<K, T>>,
    wake: Notify,
}

/// A turn: the lane belongs to whoever holds it, until [`Lanes::done`] or [`Lanes::hold`].
#[derive(Debug)]
pub(crate) struct Turn<K, T> {
    /// Whose turn it is.
    pub key: K,
    /// What to do, in order.
    pub work: Work<T>,
}

/// What there is to do in a turn.
#[derive(Debug)]
pub(crate) enum Work<T> {
    /// These, in order.
    Items(Vec<T>),
    /// The lane spilled: read on in the database behind this number, and [`Lanes::refill`].
    Refill {
        /// The last number that was taken from the lane.
        after: i64,
    },
}

struct State<K: LaneKey, T> {
    groups: HashMap<K::Group, Group<K>>,
    group_limits: HashMap<K::Group, usize>,
    lanes: HashMap<K, Lane<T>>,
    tenants: BTreeMap<TenantId, Share<K>>,
    turn_order: VecDeque<TenantId>,
    held: BinaryHeap<Reverse<(Millis, K)>>,
    in_memory: usize,
    running: usize,
}

struct Share<K> {
    ready: VecDeque<K>,
    running: usize,
    queued: bool,
}

/// Lanes that want the same thing outside.
struct Group<K> {
    running: usize,
    /// Those whose turn it was when there was no room.
    waiting: VecDeque<K>,
}

struct Lane<T> {
    queue: VecDeque<(i64, T)>,
    taken: i64,
    spilled: bool,
    /// The database is being read for it.
    reading: bool,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Idle,
    Ready,
    Running,
    Held(Millis),
}

// === impl Lanes ===

impl<K: LaneKey, T> Lanes<K, T> {
    /// An empty set.
    #[must_use]
    pub(crate) fn new(limits: LaneLimits) -> Self {
        let state = State {
            groups: HashMap::new(),
            group_limits: HashMap::new(),
            lanes: HashMap::new(),
            tenants: BTreeMap::new(),
            turn_order: VecDeque::new(),
            held: BinaryHeap::new(),
            in_memory: 0,
            running: 0,
        };
        Self { limits, state: Mutex::new(state), wake: Notify::new() }
    }

    /// Puts an item at its lane's end. Where the lane is full, held or has spilled before, the item is left to the
    /// database, from where it comes back in order.
    pub(crate) fn push(&self, key: K, number: i64, item: T) {
        let mut state = self.lock();
        let limit = self.limits.lane;
        let no_room = state.in_memory >= self.limits.window;
        let lane = state.lanes.entry(key.clone()).or_insert_with(|| Lane::behind(number - 1));
        if number <= lane.last() {
            if lane.queue.binary_search_by_key(&number, |(number, _)| *number).is_err() {
                // It overtook a later one on its way here, or was taken already: the database knows.
                drop(state);
                self.rewind(key, number - 1);
            }
            return;
        }
        let full = lane.queue.len() >= limit || no_room;
        if lane.spilled || lane.reading || full || matches!(lane.status, Status::Held(_)) {
            lane.spilled = true;
        } else {
            lane.queue.push_back((number, item));
            state.in_memory += 1;
        }
        state.make_ready(&key);
        drop(state);
        self.wake.notify_one();
    }

    /// Tells a lane that the database has more for it than memory, such as an item that is replayed out of order:
    /// everything behind `after` is read again.
    pub(crate) fn rewind(&self, key: K, after: i64) {
        let mut state = self.lock();
        let lane = state.lanes.entry(key.clone()).or_insert_with(|| Lane::behind(after));
        let dropped = std::mem::take(&mut lane.queue).len();
        lane.spilled = true;
        lane.taken = lane.taken.min(after);
        state.in_memory -= dropped;
        state.make_ready(&key);
        drop(state);
        self.wake.notify_one();
    }

    /// The next turn, fairly; waits for one. `now` tells when held lanes are due; [`Lanes::next_due`] when to look
    /// again.
    pub(crate) async fn next(&self, now: impl Fn() -> Millis) -> Turn<K, T> {
        loop {
            let wake = self.wake.notified();
            if let Some(turn) = self.try_next(now()) {
                return turn;
            }
            wake.await;
        }
    }

    /// The next turn, if there is one now.
    pub(crate) fn try_next(&self, now: Millis) -> Option<Turn<K, T>> {
        let mut state = self.lock();
        state.release_due(now);
        let key = state.next_key(&self.limits)?;
        let lane = state.lanes.get_mut(&key)?;
        lane.status = Status::Running;
        let work = if lane.queue.is_empty() {
            // What is pushed from here on may or may not be in what the database answers: it spills again.
            lane.spilled = false;
            lane.reading = true;
            Work::Refill { after: lane.taken }
        } else {
            let n = lane.queue.len().min(self.limits.turn);
            #[cfg(feature = "sabotage")]
            let n = if patchbay_storage::sabotage::Sabotage::Lanes.is_on() { 1 } else { n };
            let items: Vec<(i64, T)> = lane.queue.drain(..n).collect();
            lane.taken = items.last().map_or(lane.taken, |(number, _)| *number);
            Work::Items(items.into_iter().map(|(_, item)| item).collect())
        };
        if let Work::Items(items) = &work {
            state.in_memory -= items.len();
        }
        state.running += 1;
        #[cfg(feature = "sabotage")]
        if patchbay_storage::sabotage::Sabotage::Lanes.is_on() {
            state.lanes.entry(key.clone()).and_modify(|lane| lane.status = Status::Idle);
            state.make_ready(&key);
        }
        drop(state);
        self.wake.notify_one();
        Some(Turn { key, work })
    }

    /// Answers [`Work::Refill`] with what the database has behind `after`, in order; `more` if there is still more
    /// behind that. A lane that was rewound meanwhile reads once more.
    pub(crate) fn refill(&self, key: &K, after: i64, items: Vec<(i64, T)>, more: bool) {
        let mut state = self.lock();
        let mut added = 0;
        if let Some(lane) = state.lanes.get_mut(key) {
            lane.reading = false;
            if lane.taken >= after {
                lane.spilled |= more;
                for (number, item) in items {
                    if number > lane.last() {
                        lane.queue.push_back((number, item));
                        added += 1;
                    }
                }
            }
        }
        state.in_memory += added;
        drop(state);
        self.done(key);
    }

    /// Ends a turn: all of it is done.
    pub(crate) fn done(&self, key: &K) {
        let mut state = self.lock();
        state.stop(key);
        if let Some(lane) = state.lanes.get_mut(key) {
            if lane.queue.is_empty() && !lane.spilled {
                state.lanes.remove(key);
            } else {
                lane.status = Status::Idle;
                state.make_ready(key);
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Ends a turn: everything behind `after` has to wait until `until`. The lane lets go of what it has in memory.
    pub(crate) fn hold(&self, key: &K, after: i64, until: Millis) {
        let mut state = self.lock();
        state.stop(key);
        let mut dropped = 0;
        if let Some(lane) = state.lanes.get_mut(key) {
            dropped = std::mem::take(&mut lane.queue).len();
            lane.spilled = true;
            lane.reading = false;
            // A rewind may have gone further back while this turn ran.
            lane.taken = lane.taken.min(after);
            lane.status = Status::Held(until);
            state.held.push(Reverse((until, key.clone())));
        }
        state.in_memory -= dropped;
        drop(state);
        self.wake.notify_one();
    }

    /// Whether this lane waits for a time.
    pub(crate) fn is_held(&self, key: &K) -> bool {
        self.lock().lanes.get(key).is_some_and(|lane| matches!(lane.status, Status::Held(_)))
    }

    /// Lets held lanes go now: something has changed that they may have waited for.
    pub(crate) fn release(&self, which: impl Fn(&K) -> bool) {
        let mut state = self.lock();
        let keys: Vec<K> = state
            .lanes
            .iter()
            .filter(|(key, lane)| matches!(lane.status, Status::Held(_)) && which(key))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            if let Some(lane) = state.lanes.get_mut(&key) {
                lane.status = Status::Idle;
            }
            state.make_ready(&key);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// How many lanes of these groups may be at work at once; of all others, as many as there are.
    pub(crate) fn limit_groups(&self, limits: HashMap<K::Group, usize>) {
        self.lock().group_limits = limits;
    }

    /// When the earliest held lane is due.
    #[must_use]
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.lock().held.peek().map(|Reverse((at, _))| *at)
    }

    /// Looks again at what is due: for whoever watches the clock.
    pub(crate) fn tick(&self) {
        self.wake.notify_one();
    }

    /// Lanes held, and lanes at work: for metrics and a clean drain.
    #[must_use]
    pub(crate) fn load(&self) -> (usize, usize) {
        let state = self.lock();
        let held = state.lanes.values().filter(|lane| matches!(lane.status, Status::Held(_))).count();
        (held, state.running)
    }

    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl<K: LaneKey, T> State<K, T> {
    fn make_ready(&mut self, key: &K) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if lane.status != Status::Idle || (lane.queue.is_empty() && !lane.spilled) {
            return;
        }
        lane.status = Status::Ready;
        let share = self.tenants.entry(key.tenant().clone()).or_insert_with(|| Share {
            ready: VecDeque::new(),
            running: 0,
            queued: false,
        });
        share.ready.push_back(key.clone());
        if !share.queued {
            share.queued = true;
            self.turn_order.push_back(key.tenant().clone());
        }
    }

    fn release_due(&mut self, now: Millis) {
        while let Some(Reverse((at, _))) = self.held.peek()
            && *at <= now
        {
            let Some(Reverse((at, key))) = self.held.pop() else { return };
            if let Some(lane) = self.lanes.get_mut(&key)
                && lane.status == Status::Held(at)
            {
                lane.status = Status::Idle;
                self.make_ready(&key);
            }
        }
    }

    fn next_key(&mut self, limits: &LaneLimits) -> Option<K> {
        if self.running >= limits.workers {
            return None;
        }
        for _ in 0..self.turn_order.len() {
            let tenant = self.turn_order.pop_front()?;
            let share = self.tenants.get_mut(&tenant)?;
            if share.running >= limits.tenant_workers {
                self.turn_order.push_back(tenant);
                continue;
            }
            let mut key = share.ready.pop_front();
            while let Some(full) = key.take_if(|key| !enter(&mut self.groups, &self.group_limits, key)) {
                let group = self.groups.entry(full.group()).or_insert_with(Group::empty);
                group.waiting.push_back(full);
                key = share.ready.pop_front();
            }
            share.queued = !share.ready.is_empty();
            share.running += usize::from(key.is_some());
            if share.queued {
                self.turn_order.push_back(tenant);
            }
            if key.is_some() {
                return key;
            }
        }
        None
    }

    fn stop(&mut self, key: &K) {
        self.running = self.running.saturating_sub(1);
        self.leave(key);
        if let Some(share) = self.tenants.get_mut(key.tenant()) {
            share.running = share.running.saturating_sub(1);
            if share.running == 0 && share.ready.is_empty() {
                self.tenants.remove(key.tenant());
            }
        }
    }
}

impl<K: LaneKey, T> State<K, T> {
    /// Makes room in the lane's group, for the one that has waited longest.
    fn leave(&mut self, key: &K) {
        let Some(group) = self.groups.get_mut(&key.group()) else { return };
        group.running = group.running.saturating_sub(1);
        let next = group.waiting.pop_front();
        if group.running == 0 && next.is_none() {
            self.groups.remove(&key.group());
        }
        let Some(next) = next else { return };
        let Some(share) = self.tenants.get_mut(next.tenant()) else { return };
        share.ready.push_front(next);
        if !share.queued {
            share.queued = true;
            self.turn_order.push_back(key.tenant().clone());
        }
    }
}

/// Takes a place in the lane's group, if there is one.
fn enter<K: LaneKey>(
    groups: &mut HashMap<K::Group, Group<K>>,
    group_limits: &HashMap<K::Group, usize>,
    key: &K,
) -> bool {
    let id = key.group();
    let Some(limit) = group_limits.get(&id).copied() else { return true };
    let group = groups.entry(id).or_insert_with(Group::empty);
    let room = group.running < limit;
    group.running += usize::from(room);
    room
}

// === impl Group ===

impl<K> Group<K> {
    fn empty() -> Self {
        Self { running: 0, waiting: VecDeque::new() }
    }
}

// === impl Lane ===

impl<T> Lane<T> {
    fn behind(number: i64) -> Self {
        Self { queue: VecDeque::new(), taken: number, spilled: false, reading: false, status: Status::Idle }
    }

    /// The highest number that this lane has seen.
    fn last(&self) -> i64 {
        self.queue.back().map_or(self.taken, |(number, _)| *number)
    }
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
