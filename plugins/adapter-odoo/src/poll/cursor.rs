//! How far a poll is: an opaque text to the host, kept small.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_sdk::{clock, prelude::*};
use serde::{Deserialize, Serialize};

use super::records::State;
use crate::time;

/// What is younger is read again.
pub(crate) const OVERLAP: Timestamp = 10 * 60 * 1000;

/// How far apart two marks are at least.
const STRIDE: Timestamp = 30_000;

/// As many messages and tickets are remembered. What is forgotten is told again, and dropped by the host.
const REMEMBERED: usize = 500;

/// The host keeps 64 KiB.
const LONGEST: usize = 60 << 10;

/// How far a poll is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The highest number that was seen at a time, oldest first.
    marks: Vec<(Timestamp, i64)>,
    /// The highest number that was seen.
    top: i64,
    /// In the middle of a sweep: behind this message.
    pub(crate) page: Option<i64>,
    /// Messages above the first mark, and a number that stands for what they said.
    pub(crate) seen: BTreeMap<i64, u32>,
    /// Tickets that were written to after this are read.
    pub(crate) since: String,
    /// The same in the middle of a sweep.
    pub(crate) record: Option<i64>,
    /// What was last told of a ticket.
    pub(crate) states: BTreeMap<i64, State>,
    /// Tickets whose opening was told, or that need none.
    pub(crate) opened: BTreeSet<i64>,
}

// === impl Cursor ===

impl Cursor {
    pub(crate) fn beginning(last: i64, written: Option<&str>) -> Self {
        let since =
            written.map_or_else(|| time::written(clock::now().saturating_sub(OVERLAP)), ToOwned::to_owned);
        Self { marks: vec![(clock::now(), last)], top: last, since, ..Self::default() }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn written(mut self) -> String {
        trim(&mut self.seen);
        trim(&mut self.states);
        while self.opened.len() > REMEMBERED {
            self.opened.pop_first();
        }
        loop {
            let text = serde_json::to_string(&self).unwrap_or_default();
            if text.len() <= LONGEST || self.states.is_empty() {
                return text;
            }
            // Many tags on many tickets: what is forgotten of one is told anew when it changes.
            let half = self.states.len().div_ceil(2);
            for _ in 0..half {
                self.states.pop_first();
            }
        }
    }

    /// Behind which message it goes on.
    pub(crate) fn after(&self) -> i64 {
        self.page.unwrap_or_else(|| self.marks.first().map_or(self.top, |(_, id)| *id))
    }

    /// A message was read.
    pub(crate) fn saw(&mut self, id: i64, said: u32) -> Option<u32> {
        self.top = self.top.max(id);
        self.seen.insert(id, said)
    }

    /// All messages were read: what is old enough is never read again.
    pub(crate) fn swept(&mut self) {
        let now = clock::now();
        self.page = None;
        if self.marks.last().is_none_or(|(at, _)| at.saturating_add(STRIDE) <= now) {
            self.marks.push((now, self.top));
        }
        while let Some((at, _)) = self.marks.get(1)
            && at.saturating_add(OVERLAP) <= now
        {
            self.marks.remove(0);
        }
        let floor = self.after();
        self.seen.retain(|id, _| *id > floor);
    }
}

fn trim<T>(map: &mut BTreeMap<i64, T>) {
    while map.len() > REMEMBERED {
        map.pop_first();
    }
}
