//! What is known of each connection since the start: since when it is up or down, and what last went wrong. For people;
//! nothing is decided by it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use patchbay_types::Millis;

use super::Key;

/// So much of a failure's detail is kept.
const DETAIL: usize = 1_000;

/// All connections of which anything is known.
#[derive(Debug, Default)]
pub(crate) struct Healths(Mutex<HashMap<Key, Health>>);

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    /// Whether the other side was there when it was last looked for, and since when that is so.
    pub(crate) up: Option<(bool, Millis)>,
    /// When it last answered.
    pub(crate) answered_at: Option<Millis>,
    /// What last went wrong; it stays when all is well again.
    pub(crate) last_error: Option<Trouble>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) at: Millis,
    /// The contract's word.
    pub(crate) kind: &'static str,
    /// In the adapter's words, without secrets.
    pub(crate) detail: String,
}

// === impl Healths ===

impl Healths {
    /// It has answered.
    pub(crate) fn answers(&self, key: &Key, now: Millis) {
        self.change(key, |health| {
            health.answered_at = Some(now);
            health.is(true, now);
        });
    }

    /// Something went wrong; `down`: nobody is there, or nobody who would talk to us.
    pub(crate) fn fails(&self, key: &Key, now: Millis, kind: &'static str, detail: String, down: bool) {
        let detail = detail.chars().take(DETAIL).collect();
        self.change(key, |health| {
            health.last_error = Some(Trouble { at: now, kind, detail });
            if down {
                health.is(false, now);
            }
        });
    }

    /// What is known of it.
    pub(crate) fn of(&self, key: &Key) -> Health {
        self.lock().get(key).cloned().unwrap_or_default()
    }

    fn change(&self, key: &Key, change: impl FnOnce(&mut Health)) {
        let mut all = self.lock();
        match all.get_mut(key) {
            Some(health) => change(health),
            None => change(all.entry(key.clone()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Health>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Health ===

impl Health {
    fn is(&mut self, up: bool, now: Millis) {
        if self.up.is_none_or(|(was, _)| was != up) {
            self.up = Some((up, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_says_since_when_it_is_as_it_is_and_what_last_went_wrong() {
        let (healths, key) = (Healths::default(), ("acme".into(), "crm".into()));
        assert_eq!(healths.of(&key).up, None);
        healths.answers(&key, 1);
        healths.answers(&key, 2);
        healths.fails(&key, 3, "rejected", "field X is missing".into(), false);
        let health = healths.of(&key);
        assert_eq!(
            (health.up, health.answered_at),
            (Some((true, 1)), Some(2)),
            "it has answered, if not kindly"
        );
        healths.fails(&key, 4, "unavailable", "é".repeat(5_000), true);
        healths.fails(&key, 5, "unavailable", "nobody".into(), true);
        assert_eq!(healths.of(&key).up, Some((false, 4)));
        healths.answers(&key, 6);
        let health = healths.of(&key);
        assert_eq!((health.up, health.last_error.unwrap().detail.as_str()), (Some((true, 6)), "nobody"));
    }
}
