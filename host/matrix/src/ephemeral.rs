//! Typing and read receipts: short-lived, best effort, never stored. Presence and whatever else comes is left out.

use std::collections::BTreeMap;

use patchbay_types::{EventId, RoomId, UserId};
use serde::{Deserialize, de::IgnoredAny};

/// What happens in a room just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ephemeral {
    /// These users are typing, and nobody else.
    Typing {
        /// Where.
        room_id: RoomId,
        /// Who; empty: nobody any more.
        users: Vec<UserId>,
    },
    /// A user has read up to an event.
    Read {
        /// Where.
        room_id: RoomId,
        /// Who.
        user: UserId,
        /// Up to which event.
        event_id: EventId,
    },
}

// === impl Ephemeral ===

impl Ephemeral {
    /// Reads one entry of a transaction's `ephemeral`; empty for anything that is not understood. Private receipts
    /// (`m.read.private`) stay private.
    #[must_use]
    pub fn read(json: &str) -> Vec<Self> {
        /// Told apart by `type`; JSON of another kind or shape fits none of them.
        #[derive(Deserialize)]
        #[serde(tag = "type")]
        enum Entry {
            #[serde(rename = "m.typing")]
            Typing { room_id: RoomId, content: Typing },
            #[serde(rename = "m.receipt")]
            Receipt { room_id: RoomId, content: BTreeMap<EventId, Receipts> },
        }
        #[derive(Deserialize)]
        struct Typing {
            user_ids: Vec<UserId>,
        }
        #[derive(Deserialize)]
        struct Receipts {
            #[serde(rename = "m.read", default)]
            read: BTreeMap<UserId, IgnoredAny>,
        }
        match serde_json::from_str(json) {
            Ok(Entry::Typing { room_id, content }) => vec![Self::Typing { room_id, users: content.user_ids }],
            Ok(Entry::Receipt { room_id, content }) => {
                let each = content.into_iter().flat_map(|(event_id, receipts)| {
                    receipts.read.into_keys().map(move |user| (event_id.clone(), user))
                });
                each.map(|(event_id, user)| Self::Read { room_id: room_id.clone(), user, event_id }).collect()
            }
            Err(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_and_receipts_are_read_and_the_rest_is_left_out() {
        let typing = r#"{"content":{"user_ids":["@a:b"]},"room_id":"!r","type":"m.typing"}"#;
        let room_id = RoomId::from("!r");
        assert_eq!(
            Ephemeral::read(typing),
            [Ephemeral::Typing { room_id: room_id.clone(), users: vec![UserId::from("@a:b")] }]
        );
        let receipt = r#"{"content":{"$x":{"m.read":{"@a:b":{"ts":1}},"m.read.private":{"@c:d":{"ts":1}}}},
            "room_id":"!r","type":"m.receipt"}"#;
        assert_eq!(
            Ephemeral::read(receipt),
            [Ephemeral::Read { room_id, user: UserId::from("@a:b"), event_id: EventId::from("$x") }]
        );
        let deep = format!(r#"{{"type":"m.typing","content":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for other in
            [r#"{"type":"m.presence","sender":"@a:b","content":{}}"#, "7", r#"{"type":"m.typing"}"#, &deep]
        {
            assert_eq!(Ephemeral::read(other), []);
        }
    }

    #[test]
    fn captured_typing_and_receipts_are_understood() {
        let captures: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../fixtures/matrix/transactions.json")).unwrap();
        let entries = captures.iter().flat_map(|capture| capture["request"]["body"]["ephemeral"].as_array());
        let mut understood = 0;
        for entry in entries.flatten() {
            let read = Ephemeral::read(&entry.to_string());
            assert_eq!(read.is_empty(), entry["type"] == "m.presence", "{entry}");
            understood += read.len();
        }
        assert!(understood >= 5, "{understood}");
    }
}
