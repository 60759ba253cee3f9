//! A transaction as the homeserver keeps it until it was accepted. A repeated one is built anew and may differ: events
//! are older, some were redacted meanwhile, and what was ephemeral is gone.

use std::sync::Arc;

use bytes::Bytes;
use patchbay_types::Millis;

use super::{
    event::Event,
    kind::{Due, Kind},
    source::Source,
};

/// Events that travel together.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// In order.
    pub events: Vec<Event>,
    first: Bytes,
}

// === impl Transaction ===

impl Transaction {
    /// A transaction of these events, with somebody typing beside them if `ephemeral`.
    #[must_use]
    pub fn new(events: Vec<Event>, ephemeral: bool, now: Millis) -> Self {
        let typing = events.first().filter(|_| ephemeral).map(|event| {
            format!(
                r#"{{"content":{{"user_ids":["{}"]}},"room_id":"{}","type":"m.typing"}}"#,
                event.sender, event.room.id
            )
        });
        let first = render(&events, Some(&typing.unwrap_or_default()), now);
        Self { events, first }
    }

    /// The body of the first attempt.
    #[must_use]
    pub fn first(&self) -> Bytes {
        self.first.clone()
    }

    /// The body of a later attempt.
    #[must_use]
    pub fn again(&self, now: Millis) -> Bytes {
        render(&self.events, None, now)
    }

    /// Takes back the first plain text, as its sender does while the transaction waits: answers the redaction, which
    /// comes as a later event. Whether the target ever saw the words is then open.
    pub fn redact_one(&mut self, source: &mut Source, now: Millis) -> Option<Event> {
        let plain = |event: &&mut Event| event.kind == Kind::Text && event.redacted_by.is_none();
        let event = self.events.iter_mut().find(plain)?;
        let redaction = source.redact(event, now)?;
        event.redacted_by = Some(Arc::new(redaction.clone()));
        event.due = Due::Maybe;
        Some(redaction)
    }
}

fn render(events: &[Event], ephemeral: Option<&str>, now: Millis) -> Bytes {
    let mut body = String::with_capacity(64 + events.len() * 600);
    body.push('{');
    if let Some(ephemeral) = ephemeral {
        body.push_str(r#""de.sorunome.msc2409.to_device":[],"ephemeral":["#);
        body.push_str(ephemeral);
        body.push_str("],");
    }
    body.push_str(r#""events":["#);
    for (n, event) in events.iter().enumerate() {
        if n > 0 {
            body.push(',');
        }
        event.render(now, &mut body);
    }
    body.push_str("]}");
    body.into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::cast::{Cast, CastSize};

    #[test]
    fn a_repeated_body_differs_and_has_lost_what_was_ephemeral() {
        let size = CastSize { tenants: vec!["a".into()], rooms: 2, users: 2 };
        let mut source = Source::new(3, &Cast::new(3, "load.example", &size));
        let events: Vec<_> = (0..10).filter_map(|now| source.next(now)).collect();
        let mut transaction = Transaction::new(events, true, 10);
        let first: Value = serde_json::from_slice(&transaction.first()).unwrap();
        let redaction = transaction.redact_one(&mut source, 20).unwrap();
        let again: Value = serde_json::from_slice(&transaction.again(3000)).unwrap();

        assert_eq!(first["ephemeral"].as_array().unwrap().len(), 1);
        assert!(again.get("ephemeral").is_none());
        assert_eq!(again["events"][0]["age"], first["events"][0]["age"].as_u64().unwrap() + 2990);
        let emptied = transaction.events.iter().find(|event| event.redacted_by.is_some()).unwrap();
        assert_eq!(redaction.redacts.as_deref(), Some(&*emptied.id));
        assert_eq!(emptied.due, Due::Maybe);
    }
}
