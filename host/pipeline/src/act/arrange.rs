//! Making a room that is ours what it should be: what differs is set, who is missing is brought in. It may be done again
//! at any time, and mends what a homeserver left half-made.

use std::collections::HashMap;

use patchbay_matrix::{ClientError, Intent};
use patchbay_storage::Action;
use patchbay_types::UserId;
use serde_json::{Map, Value, json};
use tracing::info;

use super::perform::{Failed, look_around, make};
use crate::{
    payload::{Arrangement, Belongs},
    shared::{Homeserver, Shared},
};

/// What it takes to write in a room in which nobody may: more than anybody but the bot has.
const NOBODY: i64 = 100;
/// From this version on a room's creator is above all levels and must not be listed among them.
const CREATORS_ABOVE_ALL: u32 = 12;

/// A room's state: content by type and state key.
struct Present(HashMap<(String, String), Value>);

/// Does it, as the bot.
pub(super) async fn arrange(
    shared: &Shared,
    homeserver: &Homeserver,
    action: &Action,
    bot: &Intent,
    wanted: &Arrangement,
) -> Result<(), Failed> {
    let present = Present::read(&bot.state(&action.room_id).await?);
    for (kind, state_key, content) in present.missing(wanted, homeserver.ghosts.bot()) {
        bot.send_state(&action.room_id, &kind, &state_key, &content.to_string()).await?;
    }
    let mut refused = Vec::new();
    for member in &wanted.members {
        match present.membership(&member.user_id) {
            "" => {}
            "invite" if member.ghost => {}
            "ban" => {
                refused.push(format!("{} is banned", member.user_id));
                continue;
            }
            // Whoever has left, or declined, is not asked again.
            _ => continue,
        }
        match bring(shared, homeserver, action, bot, member).await {
            Ok(()) => {}
            Err(Failed::Never(why)) => refused.push(format!("{} cannot be invited: {why}", member.user_id)),
            Err(later) => return Err(later),
        }
    }
    look_around(shared, action, bot).await;
    info!(tenant = %action.tenant, room = %action.room_id, "the room is as it should be");
    if refused.is_empty() { Ok(()) } else { Err(Failed::Never(refused.join("; "))) }
}

async fn bring(
    shared: &Shared,
    homeserver: &Homeserver,
    action: &Action,
    bot: &Intent,
    member: &Belongs,
) -> Result<(), Failed> {
    let user = UserId::from(member.user_id.as_str());
    let ghost = if member.ghost {
        Some(make(shared, homeserver, action, &user, member.display_name.as_deref()).await?)
    } else {
        None
    };
    match (bot.invite(&action.room_id, &user).await, ghost) {
        // It may be invited or in the room already: joining tells.
        (Err(error), Some(_)) if error.is_transient() => Err(error.into()),
        (_, Some(ghost)) => Ok(ghost.join(&action.room_id).await?),
        (Err(ClientError::Forbidden(why)), None) if why.contains("already in the room") => Ok(()),
        (invited, None) => Ok(invited?),
    }
}

// === impl Present ===

impl Present {
    fn read(events: &[String]) -> Self {
        let event = |json: &String| {
            let mut event: Map<String, Value> = serde_json::from_str(json).ok()?;
            let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
            let key = (text("type")?, text("state_key")?);
            Some((key, event.remove("content")?))
        };
        Self(events.iter().filter_map(event).collect())
    }

    fn content(&self, kind: &str, state_key: &str) -> Option<&Value> {
        self.0.get(&(kind.to_owned(), state_key.to_owned()))
    }

    fn membership(&self, user: &str) -> &str {
        self.content("m.room.member", user).and_then(|c| c.get("membership")?.as_str()).unwrap_or_default()
    }

    /// The state that is to be set, power first.
    fn missing(&self, wanted: &Arrangement, bot: &UserId) -> Vec<(String, String, Value)> {
        let mut state = vec![("m.room.power_levels".to_owned(), String::new(), self.power(wanted, bot))];
        let whole = |kind: &str, content: Value| (kind.to_owned(), String::new(), content);
        // A homeserver that refused a room half-way may have left it without these.
        for (kind, content) in [
            ("m.room.join_rules", json!({ "join_rule": "invite" })),
            ("m.room.history_visibility", json!({ "history_visibility": "shared" })),
        ] {
            if self.content(kind, "").is_none() {
                state.push(whole(kind, content));
            }
        }
        state.extend(wanted.name.as_ref().map(|name| whole("m.room.name", json!({ "name": name }))));
        let topic = wanted.topic.as_ref();
        // A homeserver adds other forms of the topic beside this one.
        let known = self.content("m.room.topic", "").and_then(|content| content.get("topic")?.as_str());
        let topic = topic.filter(|topic| known != Some(topic.as_str()));
        state.extend(topic.map(|topic| whole("m.room.topic", json!({ "topic": topic }))));
        for (kind, state_key, content) in &wanted.state {
            if let Ok(content) = serde_json::from_str(content) {
                state.push((kind.clone(), state_key.clone(), content));
            }
        }
        state.retain(|(kind, state_key, content)| self.content(kind, state_key) != Some(content));
        state
    }

    /// The power levels: as they are, but for those whom we give some. The bot is added only where its power would be
    /// lost otherwise; in newer rooms it must not be named.
    fn power(&self, wanted: &Arrangement, bot: &UserId) -> Value {
        let present = self.content("m.room.power_levels", "").and_then(Value::as_object);
        let mut power = present.cloned().unwrap_or_default();
        let mut users = match power.remove("users") {
            Some(Value::Object(users)) => users,
            _ => Map::new(),
        };
        if present.is_none() && !self.creators_are_above_all() {
            users.insert(bot.to_string(), NOBODY.into());
        }
        let usual = power.get("users_default").and_then(Value::as_i64).unwrap_or(0);
        for member in &wanted.members {
            if member.power != usual || users.contains_key(&member.user_id) {
                users.insert(member.user_id.clone(), member.power.into());
            }
        }
        power.insert("users".to_owned(), users.into());
        let now = power.get("events_default").and_then(Value::as_i64).unwrap_or(0);
        if wanted.read_only {
            power.insert("events_default".to_owned(), NOBODY.into());
        } else if now == NOBODY {
            power.insert("events_default".to_owned(), 0.into());
        }
        power.into()
    }

    fn creators_are_above_all(&self) -> bool {
        let created = self.content("m.room.create", "");
        let version = created.and_then(|content| content.get("room_version")?.as_str()).unwrap_or("1");
        // A version that is no number is somebody's own: it is as new as they come.
        version.parse().map_or(true, |version: u32| version >= CREATORS_ABOVE_ALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, state_key: &str, content: Value) -> String {
        json!({ "type": kind, "state_key": state_key, "content": content }).to_string()
    }

    fn wanted(read_only: bool) -> Arrangement {
        let member =
            |user: &str, power| Belongs { user_id: user.into(), ghost: false, display_name: None, power };
        let members = vec![member("@alice:h", 0), member("@ann:h", 50)];
        Arrangement { name: Some("Order 17".into()), read_only, members, ..Arrangement::default() }
    }

    fn missing(present: &[String], read_only: bool) -> Vec<(String, Value)> {
        let missing = Present::read(present).missing(&wanted(read_only), &"@bot:h".into());
        missing.into_iter().map(|(kind, _, content)| (kind, content)).collect()
    }

    fn made(version: &str, users: Value) -> Vec<String> {
        vec![
            event("m.room.create", "", json!({ "room_version": version })),
            event("m.room.power_levels", "", json!({ "users": users, "events_default": 0, "invite": 0 })),
            event("m.room.join_rules", "", json!({ "join_rule": "invite" })),
            event("m.room.history_visibility", "", json!({ "history_visibility": "shared" })),
            event("m.room.name", "", json!({ "name": "Order 17" })),
        ]
    }

    #[test]
    fn power_is_added_to_what_the_homeserver_gave_and_the_bot_is_never_put_in_beside_it() {
        let twelve = missing(&made("12", json!({})), false);
        let users = json!({ "@ann:h": 50 });
        let power = |users: &Value, write| json!({ "users": users, "events_default": write, "invite": 0 });
        assert_eq!(twelve, [("m.room.power_levels".to_owned(), power(&users, 0))]);
        let eleven = missing(&made("11", json!({ "@bot:h": 100 })), true);
        let users = json!({ "@bot:h": 100, "@ann:h": 50 });
        assert_eq!(eleven, [("m.room.power_levels".to_owned(), power(&users, 100))]);
    }

    #[test]
    fn a_room_that_is_as_it_should_be_is_left_alone_and_one_that_was_closed_is_opened_again() {
        assert_eq!(missing(&made("12", json!({ "@ann:h": 50 })), false), []);
        let mut closed = made("12", json!({ "@ann:h": 50 }));
        closed[1] =
            event("m.room.power_levels", "", json!({ "users": { "@ann:h": 50 }, "events_default": 100 }));
        assert_eq!(missing(&closed, true), []);
        assert_eq!(missing(&closed, false)[0].1["events_default"], 0);
    }

    #[test]
    fn what_was_left_half_made_is_completed_by_the_rules_of_its_version() {
        for (version, bot) in [("12", None), ("11", Some(100)), ("org.example.new", None)] {
            let create = event("m.room.create", "", json!({ "room_version": version }));
            let all = missing(&[create], false);
            let kinds: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
            assert_eq!(
                kinds,
                ["m.room.power_levels", "m.room.join_rules", "m.room.history_visibility", "m.room.name"]
            );
            assert_eq!(all[0].1["users"]["@bot:h"].as_i64(), bot, "{version}");
        }
    }
}
