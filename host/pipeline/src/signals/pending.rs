//! What waits to be told of one ticket: of each person the latest alone. One worker for each ticket tells it, with a pause
//! after each round, so however fast somebody types, a CRM hears of it once a second.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use patchbay_plugin::types::{SignalKind, Target};
use patchbay_types::{AdapterName, ConversationId, Millis, TenantId, TicketId, UserId};

use crate::shared::lock;

/// Tickets that are told of at once, over all, and of one adapter.
const TICKETS: usize = 64;
const OF_AN_ADAPTER: usize = 8;
/// What waits for one ticket.
const OF_A_TICKET: usize = 16;

/// A ticket that is told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) adapter: AdapterName,
    pub(super) conversation: ConversationId,
    pub(super) ticket: TicketId,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    pub(super) user: UserId,
    pub(super) kind: SignalKind,
    pub(super) target: Target,
    /// When it was so.
    pub(super) at: Millis,
    /// What comes later has a higher one; whose room it is, is looked up side by side.
    pub(super) order: u64,
}

/// What waits for one ticket, by person, and whether it is about reading.
#[derive(Debug, Default)]
struct Latest {
    waiting: BTreeMap<(UserId, bool), Waiting>,
    /// The order of what came last: what is earlier comes too late.
    last: BTreeMap<(UserId, bool), u64>,
}

/// All that waits.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<Place, Latest>>);

/// What became of something that is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// Somebody has to begin to tell of this ticket.
    Begin,
    /// Whoever tells of it does so of this too.
    There,
    /// Too much is under way.
    Dropped,
}

// === impl Pending ===

impl Pending {
    /// It is to be told, instead of what waits of the same person.
    pub(super) fn put(&self, place: &Place, waiting: Waiting) -> Put {
        let mut all = lock(&self.0);
        let key = (waiting.user.clone(), waiting.kind == SignalKind::Read);
        if let Some(latest) = all.get_mut(place) {
            return latest.put(key, waiting);
        }
        let same = |other: &&Place| (&other.tenant, &other.adapter) == (&place.tenant, &place.adapter);
        if all.len() >= TICKETS || all.keys().filter(same).count() >= OF_AN_ADAPTER {
            return Put::Dropped;
        }
        let mut latest = Latest::default();
        latest.put(key, waiting);
        all.insert(place.clone(), latest);
        Put::Begin
    }

    /// What is to be told now. Nothing: whoever told of it need not any longer.
    pub(super) fn take(&self, place: &Place) -> Vec<Waiting> {
        let mut all = lock(&self.0);
        let waiting =
            all.get_mut(place).map(|latest| std::mem::take(&mut latest.waiting)).unwrap_or_default();
        if waiting.is_empty() {
            all.remove(place);
        }
        waiting.into_values().collect()
    }

    /// Nobody tells of this ticket any more.
    pub(super) fn forget(&self, place: &Place) {
        lock(&self.0).remove(place);
    }
}

// === impl Latest ===

impl Latest {
    fn put(&mut self, key: (UserId, bool), waiting: Waiting) -> Put {
        if self.last.len() >= OF_A_TICKET && !self.last.contains_key(&key) {
            return Put::Dropped;
        }
        let last = self.last.entry(key.clone()).or_insert(waiting.order);
        if *last <= waiting.order {
            *last = waiting.order;
            self.waiting.insert(key, waiting);
        }
        Put::There
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(ticket: &str) -> Place {
        let (tenant, adapter) = ("acme".into(), "crm".into());
        Place { tenant, adapter, conversation: "c".into(), ticket: ticket.into() }
    }

    fn typing(user: &str, on: bool, at: Millis) -> Waiting {
        let kind = if on { SignalKind::Typing } else { SignalKind::StoppedTyping };
        Waiting { user: user.into(), kind, target: Vec::new(), at, order: at }
    }

    #[test]
    fn of_each_person_the_latest_alone_waits_and_reading_is_another_thing_than_typing() {
        let pending = Pending::default();
        assert_eq!(pending.put(&place("1"), typing("@a:h", true, 1)), Put::Begin);
        for at in 2..100 {
            assert_eq!(pending.put(&place("1"), typing("@a:h", at % 2 == 0, at)), Put::There);
        }
        let read = Waiting { kind: SignalKind::Read, ..typing("@a:h", true, 5) };
        assert_eq!(pending.put(&place("1"), read.clone()), Put::There);
        assert_eq!(pending.take(&place("1")), [typing("@a:h", false, 99), read]);
        pending.put(&place("1"), typing("@a:h", true, 50));
        assert!(pending.take(&place("1")).is_empty(), "it came too late");
        assert!(lock(&pending.0).is_empty());
    }

    #[test]
    fn one_adapter_leaves_room_for_others() {
        let pending = Pending::default();
        let begun = |adapter: &str| {
            let begins = |n: &usize| {
                let place = Place { adapter: adapter.into(), ..place(&n.to_string()) };
                pending.put(&place, typing("@a:h", true, 1)) == Put::Begin
            };
            (0..100).filter(begins).count()
        };
        assert_eq!((begun("a"), begun("b")), (OF_AN_ADAPTER, OF_AN_ADAPTER));
        for n in 0..100 {
            pending.put(&place("full"), typing(&format!("@{n}:h"), true, 1));
        }
        assert_eq!(pending.take(&place("full")).len(), OF_A_TICKET);
    }
}
