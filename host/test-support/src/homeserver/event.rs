//! An event as it is kept, and the forms in which it is shown.

use serde_json::{Map, Value, json};

/// An event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) kind: String,
    pub(crate) state_key: Option<String>,
    pub(crate) sender: String,
    pub(crate) content: Value,
    pub(crate) at: u64,
    /// Its place among all events of the homeserver, from 1.
    pub(crate) position: u64,
    /// What it replaces in the room's state: event ID, content, sender.
    pub(crate) replaces: Option<(String, Value, String)>,
    /// What somebody who is invited is shown.
    pub(crate) invite_state: Option<Vec<Value>>,
    /// The redaction that emptied it.
    pub(crate) redacted_by: Option<String>,
    /// The transaction ID that it was sent with, and the device.
    pub(crate) txn: Option<(String, Option<String>)>,
}

/// For whom an event is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'a> {
    /// The application service, in a transaction.
    Push,
    /// Nobody in particular.
    All,
    /// A user and a device: what they sent themselves shows its transaction ID.
    Reader(&'a str, Option<&'a str>),
}

// === impl Event ===

impl Event {
    pub(crate) fn is(&self, kind: &str, state_key: &str) -> bool {
        self.kind == kind && self.state_key.as_deref() == Some(state_key)
    }

    /// `content.membership`
    pub(crate) fn membership(&self) -> &str {
        self.content["membership"].as_str().unwrap_or("leave")
    }

    /// The legacy client format: top-level copies of what `unsigned` says.
    pub(crate) fn shown(
        &self,
        now: u64,
        because: Option<&Self>,
        membership: Option<&str>,
        to: To<'_>,
    ) -> Value {
        let mut unsigned = Map::new();
        unsigned.insert("age".into(), now.saturating_sub(self.at).into());
        let mut shown = json!({
            "content": self.content, "event_id": self.id, "origin_server_ts": self.at, "room_id": self.room,
            "sender": self.sender, "type": self.kind, "user_id": self.sender,
        });
        if let Some(state_key) = &self.state_key {
            shown["state_key"] = state_key.as_str().into();
        }
        if let Some((id, content, sender)) = &self.replaces {
            unsigned.insert("prev_content".into(), content.clone());
            unsigned.insert("prev_sender".into(), sender.as_str().into());
            unsigned.insert("replaces_state".into(), id.as_str().into());
        }
        if let Some(state) = self.invite_state.as_ref().filter(|_| matches!(to, To::Push)) {
            unsigned.insert("invite_room_state".into(), state.clone().into());
        }
        if let Some(because) = because {
            unsigned.insert("redacted_because".into(), because.shown(now, None, None, to));
        }
        for key in ["age", "prev_content", "replaces_state", "invite_room_state", "redacted_because"] {
            if let Some(value) = unsigned.get(key) {
                shown[key] = value.clone();
            }
        }
        if self.kind == "m.room.redaction"
            && let Some(target) = self.content.get("redacts")
        {
            shown["redacts"] = target.clone();
        }
        if let (Some((txn, device)), To::Reader(user, by)) = (&self.txn, to)
            && self.sender == user
            && device.as_deref() == by
        {
            unsigned.insert("transaction_id".into(), txn.as_str().into());
        }
        if let Some(membership) = membership {
            unsigned.insert("membership".into(), membership.into());
        }
        shown["unsigned"] = unsigned.into();
        shown
    }

    /// What somebody who is invited is shown of it.
    pub(crate) fn stripped(&self) -> Value {
        json!({ "content": self.content, "sender": self.sender, "state_key": self.state_key, "type": self.kind })
    }

    /// Takes out what a redaction takes out.
    pub(crate) fn redact(&mut self, by: &str) {
        let kept: &[&str] = match self.kind.as_str() {
            "m.room.member" => &["membership", "join_authorised_via_users_server"],
            "m.room.join_rules" => &["join_rule", "allow"],
            "m.room.history_visibility" => &["history_visibility"],
            "m.room.create" | "m.room.power_levels" => return,
            _ => &[],
        };
        if let Some(content) = self.content.as_object_mut() {
            content.retain(|key, _| kept.contains(&key.as_str()));
        }
        self.redacted_by = Some(by.to_owned());
    }
}
