//! An endless source of events over a cast: each refers to what was really said before in its room.

use std::{collections::VecDeque, sync::Arc};

use patchbay_types::Millis;
use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::{
    event::Event,
    kind::{Due, Kind},
    words,
};
use crate::cast::{Cast, Room, opaque, pick};

/// A message can be referred to as long as it is among this many of its room.
const REMEMBERED: usize = 8;

/// Where events come from.
pub struct Source {
    rng: SmallRng,
    rooms: Vec<Spoken>,
}

/// What was said in a room so far.
struct Spoken {
    room: Arc<Room>,
    n: u64,
    recent: VecDeque<(Arc<str>, Arc<str>)>,
}

// === impl Source ===

impl Source {
    /// Events in the rooms of `cast`; the same seed gives the same events. Numbers of a larger seed are larger, so that
    /// runs over the same rooms, one after another, make one order.
    #[must_use]
    pub fn new(seed: u64, cast: &Cast) -> Self {
        let rooms = cast.rooms.iter().map(|room| Spoken {
            room: Arc::clone(room),
            n: seed << 24,
            recent: VecDeque::new(),
        });
        Self { rng: SmallRng::seed_from_u64(seed), rooms: rooms.collect() }
    }

    /// The next event, said at `now`; nothing if the cast has no rooms.
    pub fn next(&mut self, now: Millis) -> Option<Event> {
        let at = self.rng.random_range(0..self.rooms.len().max(1));
        let drawn = Kind::draw(&mut self.rng);
        let spoken = self.rooms.get_mut(at)?;
        let earlier = pick_recent(&mut self.rng, &spoken.recent);
        let kind = if drawn.refers() && earlier.is_none() { Kind::Text } else { drawn };
        let author = match (kind, &earlier) {
            (Kind::Edit | Kind::Redaction, Some((_, author))) => Arc::clone(author),
            _ => pick(&mut self.rng, &spoken.room.users).cloned()?,
        };
        let target = earlier.map(|(id, _)| id);
        let event = spoken.say(&mut self.rng, kind, author, target, now);
        Some(event)
    }

    /// The redaction of `event` by its sender, as the room's next event.
    pub fn redact(&mut self, event: &Event, now: Millis) -> Option<Event> {
        let spoken = self.rooms.iter_mut().find(|spoken| spoken.room.id == event.room.id)?;
        let (author, target) = (Arc::clone(&event.sender), Some(Arc::clone(&event.id)));
        Some(spoken.say(&mut self.rng, Kind::Redaction, author, target, now))
    }

    /// What the application service sent, as it comes back; nothing if the room is not of this cast.
    pub fn echo(&mut self, id: &str, room: &str, sender: &str, content: &str, now: Millis) -> Option<Event> {
        let spoken = self.rooms.iter_mut().find(|spoken| &*spoken.room.id == room)?;
        let mut event = spoken.say(&mut self.rng, Kind::Echo, sender.into(), None, now);
        (event.id, event.content) = (id.into(), content.to_owned());
        Some(event)
    }
}

// === impl Spoken ===

impl Spoken {
    fn say(
        &mut self,
        rng: &mut SmallRng,
        kind: Kind,
        sender: Arc<str>,
        target: Option<Arc<str>>,
        at: Millis,
    ) -> Event {
        self.n += 1;
        let id: Arc<str> = format!("${}", opaque(rng)).into();
        let content = content(rng, kind, target.as_deref().unwrap_or_default(), self.n);
        if kind.due() == Due::Line {
            self.recent.push_back((Arc::clone(&id), Arc::clone(&sender)));
            if self.recent.len() > REMEMBERED {
                self.recent.pop_front();
            }
        }
        let redacts = target.filter(|_| kind == Kind::Redaction);
        if let Some(gone) = &redacts {
            self.recent.retain(|(id, _)| id != gone);
        }
        Event {
            id,
            room: Arc::clone(&self.room),
            n: self.n,
            kind,
            due: kind.due(),
            sender,
            at,
            content,
            redacts,
            redacted_by: None,
        }
    }
}

fn content(rng: &mut SmallRng, kind: Kind, target: &str, n: u64) -> String {
    let words = words::say(rng);
    match kind {
        Kind::Text => format!(r#"{{"body":"{words} #{n}","msgtype":"m.text"}}"#),
        Kind::Html => format!(
            r#"{{"body":"{words} #{n}","format":"org.matrix.custom.html","formatted_body":"<b>{words}</b> #{n}","m.mentions":{{}},"msgtype":"m.text"}}"#
        ),
        Kind::Image => format!(
            r#"{{"body":"photo {n}.jpg","filename":"photo {n}.jpg","info":{{"h":960,"mimetype":"image/jpeg","size":183204,"w":1280}},"msgtype":"m.image","url":"mxc://load.example/{}"}}"#,
            opaque(rng)
        ),
        Kind::Reply => format!(
            r#"{{"body":"{words} #{n}","m.relates_to":{{"m.in_reply_to":{{"event_id":"{target}"}}}},"msgtype":"m.text"}}"#
        ),
        Kind::Thread => format!(
            r#"{{"body":"{words} #{n}","m.relates_to":{{"event_id":"{target}","is_falling_back":true,"m.in_reply_to":{{"event_id":"{target}"}},"rel_type":"m.thread"}},"msgtype":"m.text"}}"#
        ),
        Kind::Edit => format!(
            r#"{{"body":"* {words} #{n}","m.new_content":{{"body":"{words} #{n}","msgtype":"m.text"}},"m.relates_to":{{"event_id":"{target}","rel_type":"m.replace"}},"msgtype":"m.text"}}"#
        ),
        Kind::Reaction => format!(
            r#"{{"m.relates_to":{{"event_id":"{target}","key":"{}","rel_type":"m.annotation"}}}}"#,
            words::emoji(rng)
        ),
        Kind::Redaction => format!(r#"{{"redacts":"{target}"}}"#),
        Kind::Sticker => format!(
            r#"{{"body":"sticker {n}","info":{{"h":256,"mimetype":"image/png","size":20871,"w":256}},"url":"mxc://load.example/{}"}}"#,
            opaque(rng)
        ),
        Kind::Member => format!(r#"{{"displayname":"User {n}","membership":"join"}}"#),
        Kind::Echo => "{}".to_owned(),
    }
}

fn pick_recent(rng: &mut SmallRng, recent: &VecDeque<(Arc<str>, Arc<str>)>) -> Option<(Arc<str>, Arc<str>)> {
    (!recent.is_empty()).then(|| rng.random_range(0..recent.len())).and_then(|n| recent.get(n)).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::cast::CastSize;

    fn source() -> Source {
        let size = CastSize { tenants: vec!["a".into()], rooms: 3, users: 5 };
        Source::new(7, &Cast::new(7, "load.example", &size))
    }

    #[test]
    fn every_event_is_json_and_refers_to_what_was_said_in_its_room() {
        let mut source = source();
        let mut said = std::collections::HashSet::new();
        for now in 0..5000 {
            let event = source.next(now).unwrap();
            let mut text = String::new();
            event.render(now, &mut text);
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["event_id"], *event.id);
            let relates = &value["content"]["m.relates_to"];
            let target =
                relates["event_id"].as_str().or_else(|| relates["m.in_reply_to"]["event_id"].as_str());
            if let Some(target) = target.or_else(|| value["redacts"].as_str()) {
                assert!(said.contains(&(event.room.id.clone(), target.to_owned())), "{text}");
            }
            said.insert((event.room.id.clone(), event.id.to_string()));
        }
    }

    #[test]
    fn a_redacted_event_is_emptied_and_says_by_what() {
        let mut source = source();
        let mut event = source.next(1).unwrap();
        let redaction = source.redact(&event, 2).unwrap();
        event.redacted_by = Some(Arc::new(redaction.clone()));
        let mut text = String::new();
        event.render(5, &mut text);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["content"], serde_json::json!({}));
        assert_eq!(value["unsigned"]["redacted_because"]["event_id"], *redaction.id);
        assert_eq!(value["redacted_because"]["redacts"], *event.id);
    }
}
