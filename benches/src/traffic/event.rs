//! One event, and its JSON as a homeserver serialises it: the legacy client format, with top-level copies of what is
//! in `unsigned`, keys sorted.

use std::{fmt::Write, sync::Arc};

use patchbay_types::Millis;

use super::kind::{Due, Kind};
use crate::cast::Room;

/// An event on its way to the host.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its ID.
    pub id: Arc<str>,
    /// Where it was said.
    pub room: Arc<Room>,
    /// Counts up in each room: the order that the target has to keep.
    pub n: u64,
    /// What it is.
    pub kind: Kind,
    /// What the target owes for it.
    pub due: Due,
    /// Who said it.
    pub sender: Arc<str>,
    /// When.
    pub at: Millis,
    /// JSON text.
    pub content: String,
    /// What a redaction redacts.
    pub redacts: Option<Arc<str>>,
    /// The redaction that emptied it, made while it waited to be delivered again.
    pub redacted_by: Option<Arc<Event>>,
}

// === impl Event ===

impl Event {
    /// Appends the event's JSON. An older one has another `age`; a redacted one has no content any more.
    pub fn render(&self, now: Millis, out: &mut String) {
        let age = now.saturating_sub(self.at) + 30;
        let Self { id, room, sender, at, .. } = self;
        let content = if self.redacted_by.is_some() { "{}" } else { &self.content };
        let because = self.redacted_by.as_ref().map(|by| {
            let mut text = String::new();
            by.render(now, &mut text);
            text
        });
        // Writing to a String cannot fail.
        let _ =
            write!(out, r#"{{"age":{age},"content":{content},"event_id":"{id}","origin_server_ts":{at},"#);
        if let Some(because) = &because {
            let _ = write!(out, r#""redacted_because":{because},"#);
        }
        if let Some(redacts) = &self.redacts {
            let _ = write!(out, r#""redacts":"{redacts}","#);
        }
        let _ = write!(out, r#""room_id":"{}","sender":"{sender}","#, room.id);
        if self.kind == Kind::Member {
            let _ = write!(out, r#""state_key":"{sender}","#);
        }
        let _ = write!(out, r#""type":"{}","unsigned":{{"age":{age}"#, self.kind.event_type());
        if let (Some(because), Some(by)) = (&because, &self.redacted_by) {
            let _ = write!(out, r#","redacted_because":{because},"redacted_by":"{}""#, by.id);
        }
        let _ = write!(out, r#"}},"user_id":"{sender}"}}"#);
    }
}
