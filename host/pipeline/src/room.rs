//! What the host knows of a room: learnt from state events as they pass, kept beside the room's owner.

use std::collections::BTreeMap;

use patchbay_plugin::types;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Members beyond this many are counted but not remembered.
const MEMBERS: usize = 1000;
/// People shown to a plugin.
const PEOPLE: usize = 16;

/// A room's state, as far as plugins are told of it. Kept as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RoomState {
    /// `m.room.name`
    pub name: Option<String>,
    /// `m.room.canonical_alias`; decides nothing unless it is ours.
    pub alias: Option<String>,
    /// Whether `m.room.encryption` was seen.
    pub encrypted: bool,
    /// The remote network, from `m.bridge`.
    pub network: Option<String>,
    /// The remote chat, from `m.bridge`: identifier and name.
    pub channel: Option<(String, Option<String>)>,
    /// Who is or was here, by user ID.
    pub members: BTreeMap<String, Member>,
    /// How many have joined.
    pub joined: u32,
    /// It was said that encrypted messages cannot be read.
    pub encryption_noticed: bool,
    /// The room that replaced this one, from `m.room.tombstone`.
    pub replaced_by: Option<String>,
}

/// A member, from `m.room.member`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    /// `join`, `invite`, `leave`, `ban`, `knock`.
    pub membership: String,
    /// `displayname`
    pub name: Option<String>,
    /// What a bridge tells of its ghost, as URIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
}

// === impl RoomState ===

impl RoomState {
    /// Takes in a state event; answers whether anything changed. `content` may be anything.
    pub(crate) fn apply(&mut self, event_type: &str, state_key: &str, content: &Value) -> bool {
        let text = |key: &str| content.get(key).and_then(Value::as_str).map(|s| bounded(s, 255));
        match (event_type, state_key) {
            ("m.room.name", "") => replace(&mut self.name, text("name").filter(|name| !name.is_empty())),
            ("m.room.canonical_alias", "") => replace(&mut self.alias, text("alias")),
            ("m.room.tombstone", "") => replace(&mut self.replaced_by, text("replacement_room")),
            // Encryption is never turned off again, whatever a later event says.
            ("m.room.encryption", "") => replace(&mut self.encrypted, true),
            ("m.bridge" | "uk.half-shot.bridge", _) => self.bridged(content),
            ("m.room.member", user) => self.member(user, content),
            _ => false,
        }
    }

    /// The room as plugins see it; `person` turns a member into a person.
    pub(crate) fn shown(
        &self,
        room_id: &str,
        conversation: Option<&str>,
        audience: types::Audience,
        person: impl Fn(&str) -> types::Person,
        ours: impl Fn(&str) -> bool,
    ) -> types::Room {
        let present = self.members.iter().filter(|(user, m)| m.membership == "join" && !ours(user));
        let mut people: Vec<types::Person> = present.take(4 * PEOPLE).map(|(user, _)| person(user)).collect();
        people.sort_by_key(|person| person.party != types::Party::Customer);
        people.truncate(PEOPLE);
        types::Room {
            room_id: room_id.to_owned(),
            conversation: conversation.map(str::to_owned),
            name: self.name.clone(),
            encrypted: self.encrypted,
            network: self.network.clone(),
            channel: self.channel.clone().map(|(id, name)| types::Named { id, name }),
            features: ["edit", "reaction", "removal", "thread", "html"].map(str::to_owned).to_vec(),
            audience,
            people,
            member_count: self.joined,
            entity: None,
        }
    }

    fn bridged(&mut self, content: &Value) -> bool {
        let at = |pointer: &str| content.pointer(pointer).and_then(Value::as_str).map(|s| bounded(s, 255));
        let network = at("/protocol/id");
        let channel = at("/channel/id").map(|id| (id, at("/channel/displayname")));
        replace(&mut self.network, network) | replace(&mut self.channel, channel)
    }

    fn member(&mut self, user: &str, content: &Value) -> bool {
        let text = |key: &str| content.get(key).and_then(Value::as_str);
        let membership = text("membership").unwrap_or("leave");
        let identifiers = content.get("com.beeper.bridge.identifiers").and_then(Value::as_array);
        let member = Member {
            membership: bounded(membership, 16),
            name: text("displayname").map(|name| bounded(name, 255)),
            identifiers: identifiers
                .into_iter()
                .flatten()
                .filter_map(|uri| uri.as_str().map(|uri| bounded(uri, 255)))
                .take(8)
                .collect(),
        };
        let was_joined = self.members.get(user).is_some_and(|before| before.membership == "join");
        match (was_joined, member.membership == "join") {
            (false, true) => self.joined = self.joined.saturating_add(1),
            (true, false) => self.joined = self.joined.saturating_sub(1),
            _ => {}
        }
        if self.members.get(user) == Some(&member) {
            return false;
        }
        if self.members.contains_key(user) || self.members.len() < MEMBERS {
            self.members.insert(user.to_owned(), member);
        }
        true
    }
}

fn replace<T: PartialEq>(slot: &mut T, value: T) -> bool {
    let changed = *slot != value;
    *slot = value;
    changed
}

/// At most `limit` characters of what a stranger wrote.
fn bounded(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_counted_once_however_often_they_join() {
        let mut room = RoomState::default();
        let join = json!({"membership": "join", "displayname": "Alice"});
        assert!(room.apply("m.room.member", "@a:h", &join));
        assert!(!room.apply("m.room.member", "@a:h", &join));
        assert_eq!(room.joined, 1);
        room.apply("m.room.member", "@a:h", &json!({"membership": "leave"}));
        assert_eq!(room.joined, 0);
    }

    #[test]
    fn encryption_stays_on() {
        let mut room = RoomState::default();
        room.apply("m.room.encryption", "", &json!({"algorithm": "m.megolm.v1.aes-sha2"}));
        room.apply("m.room.encryption", "", &json!({}));
        assert!(room.encrypted);
    }

    #[test]
    fn absurd_state_is_taken_as_absent() {
        let mut room = RoomState::default();
        room.apply("m.room.name", "", &json!({"name": 7}));
        room.apply("m.room.name", "", &json!([]));
        room.apply("m.room.member", "@a:h", &json!(null));
        assert_eq!((room.name, room.joined), (None, 0));
    }
}
