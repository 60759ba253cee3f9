//! New rooms: made from nothing, or to replace another.

use serde_json::{Value, json};

use super::{
    room::Room,
    rules,
    world::{Refusal, World},
};

impl World {
    /// `createRoom`; answers the room's ID. Where it fails half way, half a room is left, with its alias taken.
    pub(crate) fn create_room(
        &mut self,
        creator: &str,
        ours: bool,
        default_version: &str,
        asked: &Value,
    ) -> Result<String, Refusal> {
        let version = asked["room_version"].as_str().unwrap_or(default_version).to_owned();
        let known = version.parse::<u8>().is_ok_and(|version| (1..=12).contains(&version));
        if !known {
            let sentence = "Your homeserver does not support this room version";
            return Err(Refusal::new(400, "M_UNSUPPORTED_ROOM_VERSION", sentence));
        }
        let alias = asked["room_alias_name"].as_str().map(|name| format!("#{name}:{}", self.server));
        if let Some(alias) = &alias {
            self.may_alias(alias, ours)?;
        }
        let room = self.found(creator, &version, &asked["creation_content"]);
        if let Some(alias) = &alias {
            self.aliases.insert(alias.clone(), room.clone());
        }
        let public = asked["preset"] == "public_chat"
            || (asked["preset"].is_null() && asked["visibility"] == "public");
        let mut levels = levels(&self.rooms[&room], creator, public);
        for (key, value) in asked["power_level_content_override"].as_object().into_iter().flatten() {
            levels[key] = value.clone();
        }
        rules::power_levels(&self.rooms[&room], &levels)?;
        let mut state = vec![("m.room.power_levels".to_owned(), String::new(), levels)];
        if let Some(alias) = alias {
            state.push(("m.room.canonical_alias".to_owned(), String::new(), json!({ "alias": alias })));
        }
        let rule = if public { "public" } else { "invite" };
        state.push(("m.room.join_rules".to_owned(), String::new(), json!({ "join_rule": rule })));
        let shared = json!({ "history_visibility": "shared" });
        state.push(("m.room.history_visibility".to_owned(), String::new(), shared));
        if !public {
            let guests = json!({ "guest_access": "can_join" });
            state.push(("m.room.guest_access".to_owned(), String::new(), guests));
        }
        for event in asked["initial_state"].as_array().into_iter().flatten() {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            state.push((text("type"), text("state_key"), event["content"].clone()));
        }
        if let Some(name) = asked["name"].as_str() {
            state.push(("m.room.name".to_owned(), String::new(), json!({ "name": name })));
        }
        if let Some(topic) = asked["topic"].as_str() {
            state.push(("m.room.topic".to_owned(), String::new(), json!({ "topic": topic })));
        }
        for (kind, key, content) in state {
            self.append(&room, creator, &kind, Some(&key), content, (None, None));
        }
        let direct = if asked["is_direct"] == true { json!({ "is_direct": true }) } else { Value::Null };
        for user in asked["invite"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.invite(&room, creator, user, &direct)?;
        }
        Ok(room)
    }

    /// `upgrade`; answers the new room's ID. Nobody is brought along.
    pub(crate) fn upgrade(&mut self, old: &str, user: &str, version: &str) -> Result<String, Refusal> {
        if !version.parse::<u8>().is_ok_and(|version| (1..=12).contains(&version)) {
            let sentence = "Your homeserver does not support this room version";
            return Err(Refusal::new(400, "M_UNSUPPORTED_ROOM_VERSION", sentence));
        }
        rules::present(self.room(old), old, user)?;
        rules::send(&self.rooms[old], user, "m.room.tombstone", Some(""), &json!({}))?;
        let new = self.found(user, version, &json!({ "predecessor": { "room_id": old } }));
        let tombstone = json!({ "body": "This room has been replaced", "replacement_room": new });
        self.append(old, user, "m.room.tombstone", Some(""), tombstone, (None, None));
        let copied = ["power_levels", "join_rules", "name", "topic", "history_visibility", "guest_access"];
        for kind in copied.map(|kind| format!("m.room.{kind}")) {
            let Some(content) = self.rooms[old].now(&kind, "").map(|event| event.content.clone()) else {
                continue;
            };
            let content = if kind == "m.room.power_levels" {
                without(content, &self.rooms[&new].creators(), self.rooms[&new].has_creators())
            } else {
                content
            };
            self.append(&new, user, &kind, Some(""), content, (None, None));
        }
        if self.rooms[&new].now("m.room.guest_access", "").is_none() {
            let guests = json!({ "guest_access": "can_join" });
            self.append(&new, user, "m.room.guest_access", Some(""), guests, (None, None));
        }
        if let Some(mut levels) = self.rooms[old].now("m.room.power_levels", "").map(|e| e.content.clone()) {
            for key in ["events_default", "invite"] {
                levels[key] = levels[key].as_i64().unwrap_or(0).max(50).into();
            }
            self.append(old, user, "m.room.power_levels", Some(""), levels, (None, None));
        }
        Ok(new)
    }

    /// A room with its creator in it, and nothing else.
    fn found(&mut self, creator: &str, version: &str, more: &Value) -> String {
        let fresh = self.fresh();
        let id =
            if version == "12" { format!("!{fresh}") } else { format!("!{}:{}", &fresh[..18], self.server) };
        self.rooms.insert(id.clone(), Room::new(&id, version));
        let mut content = json!({ "room_version": version });
        if version.parse::<u8>().is_ok_and(|version| version < 11) {
            content["creator"] = creator.into();
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            content[key] = value.clone();
        }
        self.append(&id, creator, "m.room.create", Some(""), content, (None, None));
        self.member(&id, creator, creator, "join", &Value::Null);
        id
    }

    pub(crate) fn may_alias(&self, alias: &str, ours: bool) -> Result<(), Refusal> {
        let is_ours = alias.strip_prefix('#').is_some_and(|local| local.starts_with(&self.prefix));
        if ours && !is_ours {
            let sentence = "This application service has not reserved this kind of alias.";
            return Err(Refusal::new(400, "M_EXCLUSIVE", sentence));
        }
        if !ours && is_ours {
            let sentence = "This alias is reserved by an application service.";
            return Err(Refusal::new(400, "M_EXCLUSIVE", sentence));
        }
        if self.aliases.contains_key(alias) {
            return Err(Refusal::new(409, "M_UNKNOWN", format!("Room alias {alias} already exists")));
        }
        Ok(())
    }
}

fn levels(room: &Room, creator: &str, public: bool) -> Value {
    let tombstone = if room.has_creators() { 150 } else { 100 };
    let users = if room.has_creators() { json!({}) } else { json!({ creator: 100 }) };
    let mut levels = json!({
        "ban": 50, "events_default": 0, "historical": 100, "invite": if public { 50 } else { 0 }, "kick": 50,
        "redact": 50, "state_default": 50, "users": users, "users_default": 0,
        "events": {
            "m.room.avatar": 50, "m.room.canonical_alias": 50, "m.room.encryption": 100,
            "m.room.history_visibility": 100, "m.room.name": 50, "m.room.power_levels": 100,
            "m.room.server_acl": 100, "m.room.tombstone": tombstone,
        },
    });
    if public {
        levels["events"]["m.call.invite"] = 50.into();
    }
    levels
}

fn without(mut levels: Value, creators: &[&str], above: bool) -> Value {
    if let Some(users) = levels["users"].as_object_mut().filter(|_| above) {
        users.retain(|user, _| !creators.contains(&user.as_str()));
    }
    levels
}
