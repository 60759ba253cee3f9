//! What was accepted last, kept in memory for the one who follows the inbox: it was just written, so to read it back
//! would cost as much as to keep it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::inbox::InboxEvent;

/// Bytes of bodies that wait here; what comes beyond is read from the database.
const BYTES: usize = 4 << 20;

/// The newest pending events: all of them behind a certain number.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Every pending event with a higher number is here.
    behind: i64,
    events: VecDeque<InboxEvent>,
    bytes: usize,
}

// === impl Arrivals ===

impl Arrivals {
    /// Nothing is here yet; `seq` is the highest number in the inbox.
    pub(crate) fn behind(seq: i64) -> Self {
        Self(Mutex::new(Kept { behind: seq, ..Kept::default() }))
    }

    /// Adds what was just committed; `seq` is the highest number in the inbox now.
    pub(crate) fn add(&self, events: Vec<InboxEvent>, seq: i64) {
        let mut kept = self.lock();
        let bytes: usize = events.iter().map(|event| event.body.len()).sum();
        if kept.bytes + bytes > BYTES {
            *kept = Kept { behind: seq, ..Kept::default() };
        } else {
            kept.bytes += bytes;
            kept.events.extend(events);
        }
    }

    /// Hands out the events with a higher number than `after`, at most `limit`, and forgets them and all before them.
    /// Nothing where only the database knows.
    pub(crate) fn take(&self, after: i64, limit: usize) -> Option<Vec<InboxEvent>> {
        let mut kept = self.lock();
        if after < kept.behind {
            return None;
        }
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some(event) = kept.events.pop_front()
        {
            kept.bytes -= event.body.len();
            kept.behind = event.seq;
            if event.seq > after {
                taken.push(event);
            }
        }
        Some(taken)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::InboxState;

    fn event(seq: i64, size: usize) -> InboxEvent {
        InboxEvent {
            seq,
            registration: "hs".into(),
            key: format!("${seq}"),
            room_id: None,
            body: "x".repeat(size),
            received_at: 0,
            late: false,
            state: InboxState::Pending,
            tenant: None,
        }
    }

    fn numbers(taken: Option<Vec<InboxEvent>>) -> Option<Vec<i64>> {
        taken.map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn whoever_is_behind_what_is_here_has_to_ask_the_database() {
        let arrivals = Arrivals::behind(5);
        arrivals.add(vec![event(6, 1), event(8, 1), event(9, 1)], 9);
        assert_eq!(numbers(arrivals.take(4, 10)), None);
        assert_eq!(numbers(arrivals.take(5, 2)), Some(vec![6, 8]));
        assert_eq!(numbers(arrivals.take(5, 2)), None);
        assert_eq!(numbers(arrivals.take(8, 2)), Some(vec![9]));
        assert_eq!(numbers(arrivals.take(9, 2)), Some(vec![]));
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_left_to_the_database() {
        let arrivals = Arrivals::behind(0);
        arrivals.add(vec![event(1, BYTES / 2)], 1);
        arrivals.add(vec![event(2, BYTES)], 2);
        assert_eq!(numbers(arrivals.take(0, 10)), None);
        arrivals.add(vec![event(3, BYTES / 2)], 3);
        assert_eq!(numbers(arrivals.take(2, 10)), Some(vec![3]));
    }
}
