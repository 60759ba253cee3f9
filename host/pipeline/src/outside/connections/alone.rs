//! Deliveries that find nobody there while others are answered: a CRM that answers 500 to one customer's words is not
//! down. Such a delivery waits for itself, and not with everybody else for it.

use std::collections::HashMap;

use super::Key;

/// What is known since the start.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// How many deliveries each connection has answered.
    answered: HashMap<Key, u64>,
    /// Deliveries that found nobody there.
    failing: HashMap<i64, Failing>,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    /// How often others had been answered since the time before.
    times: u32,
    /// How many had been answered at the last time.
    answered: u64,
}

// === impl Alone ===

impl Alone {
    /// A delivery was answered.
    pub(super) fn answered(&mut self, key: &Key, delivery: i64) {
        self.answers(key);
        self.forget(delivery);
    }

    /// Somebody was answered.
    pub(super) fn answers(&mut self, key: &Key) {
        match self.answered.get_mut(key) {
            Some(count) => *count += 1,
            None => drop(self.answered.insert(key.clone(), 1)),
        }
    }

    /// Whether a delivery found nobody while others were answered.
    pub(super) fn is_alone(&self, delivery: i64) -> bool {
        self.failing.get(&delivery).is_some_and(|failing| failing.times > 0)
    }

    /// A delivery is not tried any more.
    pub(super) fn forget(&mut self, delivery: i64) {
        if !self.failing.is_empty() {
            self.failing.remove(&delivery);
        }
    }

    /// A delivery found nobody; answers how often others had been answered in between. 0: it may be that nobody is there.
    /// Once that was not so, it says nothing about the others any more, until it is answered itself.
    pub(super) fn found_nobody(&mut self, key: &Key, delivery: i64) -> u32 {
        let answered = self.answered.get(key).copied().unwrap_or(0);
        let failing = self.failing.entry(delivery).or_insert(Failing { times: 0, answered });
        failing.times += u32::from(answered > failing.answered);
        failing.answered = answered;
        failing.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_alone_when_others_are_answered_between_its_failures() {
        let (mut alone, key) = (Alone::default(), ("acme".into(), "crm".into()));
        alone.answered(&key, 1);
        assert_eq!(alone.found_nobody(&key, 7), 0, "nobody was answered since it began");
        alone.answered(&key, 2);
        assert_eq!(alone.found_nobody(&key, 7), 1);
        alone.answered(&("other".into(), "crm".into()), 3);
        assert_eq!(alone.found_nobody(&key, 7), 1, "another connection says nothing about this one");
        alone.answered(&key, 4);
        assert_eq!((alone.found_nobody(&key, 7), alone.found_nobody(&key, 8)), (2, 0));
        alone.answered(&key, 7);
        assert_eq!(alone.found_nobody(&key, 7), 0, "it was answered itself");
    }
}
