//! A room: its timeline, its state, and who has which power in it.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::event::Event;

/// The power of a creator of a room of version 12: more than any number.
pub(crate) const INFINITE: i64 = i64::MAX;

pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) version: String,
    /// Indexes into the homeserver's events, in order.
    pub(crate) timeline: Vec<Event>,
    /// Places in the timeline.
    pub(crate) state: BTreeMap<(String, String), usize>,
    pub(crate) forgotten: HashSet<String>,
}

// === impl Room ===

impl Room {
    pub(crate) fn new(id: &str, version: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: version.to_owned(),
            timeline: Vec::new(),
            state: BTreeMap::new(),
            forgotten: HashSet::new(),
        }
    }

    /// Whether creators stand above all power, and are not listed in it.
    pub(crate) fn has_creators(&self) -> bool {
        !matches!(self.version.as_str(), "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "11")
    }

    pub(crate) fn now(&self, kind: &str, state_key: &str) -> Option<&Event> {
        self.state.get(&(kind.to_owned(), state_key.to_owned())).map(|at| &self.timeline[*at])
    }

    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.timeline.iter().find(|event| event.id == id)
    }

    /// `join`, `invite`, `leave`, `ban`; none for one who was never named.
    pub(crate) fn membership(&self, user: &str) -> Option<&str> {
        self.now("m.room.member", user).map(Event::membership)
    }

    /// What it was after the event at this place.
    pub(crate) fn membership_at(&self, user: &str, position: u64) -> &str {
        let past = self.timeline.iter().rev().filter(|event| event.position <= position);
        past.filter(|event| event.is("m.room.member", user)).map(Event::membership).next().unwrap_or("leave")
    }

    pub(crate) fn joined(&self) -> impl Iterator<Item = &str> {
        self.state
            .range(("m.room.member".to_owned(), String::new())..)
            .take_while(|((kind, _), _)| kind == "m.room.member")
            .filter(|(_, at)| self.timeline[**at].membership() == "join")
            .map(|((_, user), _)| user.as_str())
    }

    pub(crate) fn is_joined(&self, user: &str) -> bool {
        self.membership(user) == Some("join")
    }

    /// The state as it was after the event at this place.
    pub(crate) fn state_at(&self, position: u64) -> Vec<&Event> {
        let mut state = BTreeMap::new();
        for event in self.timeline.iter().filter(|event| event.position <= position) {
            if let Some(key) = &event.state_key {
                state.insert((event.kind.as_str(), key.as_str()), event);
            }
        }
        state.into_values().collect()
    }

    pub(crate) fn creators(&self) -> Vec<&str> {
        let Some(create) = self.now("m.room.create", "") else { return Vec::new() };
        let more = create.content["additional_creators"].as_array().into_iter().flatten();
        std::iter::once(create.sender.as_str()).chain(more.filter_map(Value::as_str)).collect()
    }

    pub(crate) fn power_of(&self, user: &str) -> i64 {
        if self.has_creators() && self.creators().contains(&user) {
            return INFINITE;
        }
        let Some(levels) = self.now("m.room.power_levels", "").map(|event| &event.content) else {
            return if self.creators().first() == Some(&user) { 100 } else { 0 };
        };
        levels["users"][user].as_i64().or_else(|| levels["users_default"].as_i64()).unwrap_or(0)
    }

    /// What `invite`, `kick`, `ban` or `redact` needs.
    pub(crate) fn power_to(&self, what: &str) -> i64 {
        let usual = if what == "invite" { 0 } else { 50 };
        let levels = self.now("m.room.power_levels", "");
        levels.and_then(|event| event.content[what].as_i64()).unwrap_or(usual)
    }

    /// What an event of this type needs.
    pub(crate) fn power_to_send(&self, kind: &str, is_state: bool) -> i64 {
        let Some(levels) = self.now("m.room.power_levels", "").map(|event| &event.content) else {
            return 0;
        };
        let default = if is_state { ("state_default", 50) } else { ("events_default", 0) };
        levels["events"][kind].as_i64().or_else(|| levels[default.0].as_i64()).unwrap_or(default.1)
    }

    pub(crate) fn push(&mut self, mut event: Event) -> &Event {
        if let Some(key) = &event.state_key {
            let slot = (event.kind.clone(), key.clone());
            if let Some(at) = self.state.get(&slot) {
                let before = &self.timeline[*at];
                event.replaces = Some((before.id.clone(), before.content.clone(), before.sender.clone()));
            }
            self.state.insert(slot, self.timeline.len());
        }
        self.timeline.push(event);
        self.timeline.last().unwrap()
    }
}
