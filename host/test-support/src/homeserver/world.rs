//! All that the homeserver knows, and the few ways in which it changes.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Options,
    delivery::Delivery,
    event::{Event, To},
    faults::{Fault, On},
    room::Room,
    rules,
};

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Such as `M_FORBIDDEN`.
    pub errcode: &'static str,
    /// Synapse's sentence.
    pub error: String,
}

/// A request to the client-server API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `PUT` and so on.
    pub method: String,
    /// Path and query, as they came.
    pub path: String,
    /// What was answered; 0 where the connection was cut instead.
    pub status: u16,
}

/// A transaction ID, and the device that it was sent with.
pub(crate) type Txn<'a> = Option<(&'a str, Option<&'a str>)>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) display_name: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) devices: HashSet<String>,
}

pub(crate) struct Stored {
    pub(crate) bytes: Bytes,
    pub(crate) mime_type: String,
    pub(crate) name: Option<String>,
}

pub(crate) struct World {
    pub(crate) server: String,
    pub(crate) bot: String,
    pub(crate) prefix: String,
    pub(crate) push_to: Option<String>,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) aliases: BTreeMap<String, String>,
    pub(crate) media: HashMap<String, Stored>,
    /// Transaction IDs of requests without a device: by path, not by user, and only until a restart.
    pub(crate) forgetful: HashMap<String, String>,
    /// Those of requests with a device: by user, device and path.
    pub(crate) kept: HashMap<(String, String, String), String>,
    pub(crate) delivery: Delivery,
    pub(crate) faults: Vec<(On, Fault)>,
    pub(crate) calls: Vec<Call>,
    pub(crate) unbacked: Vec<String>,
    pub(crate) position: u64,
    clock: std::sync::Arc<dyn patchbay_types::Clock>,
    made: u64,
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn new(status: u16, errcode: &'static str, error: impl Into<String>) -> Self {
        Self { status, errcode, error: error.into() }
    }
}

// === impl World ===

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            server: options.server_name.clone(),
            bot: format!("@{}:{}", options.bot, options.server_name),
            prefix: options.prefix.clone(),
            push_to: None,
            accounts: BTreeMap::new(),
            rooms: BTreeMap::new(),
            aliases: BTreeMap::new(),
            media: HashMap::new(),
            forgetful: HashMap::new(),
            kept: HashMap::new(),
            delivery: Delivery::default(),
            faults: Vec::new(),
            calls: Vec::new(),
            unbacked: Vec::new(),
            position: 0,
            clock: std::sync::Arc::clone(&options.clock),
            made: 0,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Whether it is the application service's own user.
    pub(crate) fn is_ours(&self, user: &str) -> bool {
        user == self.bot || user.strip_prefix('@').is_some_and(|local| local.starts_with(&self.prefix))
    }

    /// The account, made where there is none.
    pub(crate) fn account(&mut self, user: &str, display_name: Option<&str>) -> &mut Account {
        self.accounts.entry(user.to_owned()).or_insert_with(|| Account {
            // Synapse gives a new account its localpart for a name.
            display_name: Some(display_name.unwrap_or_else(|| localpart(user)).to_owned()),
            ..Account::default()
        })
    }

    /// A name that nobody had before, as random as need be.
    pub(crate) fn fresh(&mut self) -> String {
        self.made += 1;
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {}", self.made, rand::random::<u64>())))
    }

    pub(crate) fn room(&self, id: &str) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// What a member event of this user says beside the membership.
    pub(crate) fn profile(&self, user: &str) -> Map<String, Value> {
        let mut profile = Map::new();
        if let Some(account) = self.accounts.get(user) {
            if let Some(name) = &account.display_name {
                profile.insert("displayname".into(), name.as_str().into());
            }
            if let Some(avatar) = &account.avatar {
                profile.insert("avatar_url".into(), avatar.as_str().into());
            }
        }
        profile
    }

    fn member_content(&self, user: &str, membership: &str, more: &Value) -> Value {
        let mut content = match membership {
            "join" | "invite" => self.profile(user),
            _ => Map::new(),
        };
        content.insert("membership".into(), membership.into());
        for (key, value) in more.as_object().into_iter().flatten() {
            content.insert(key.clone(), value.clone());
        }
        content.into()
    }

    /// Sends whatever may be sent; answers the event's ID.
    pub(crate) fn send(
        &mut self,
        room: &str,
        sender: &str,
        kind: &str,
        state_key: Option<&str>,
        content: &Value,
        (at, txn): (Option<u64>, Txn<'_>),
    ) -> Result<String, Refusal> {
        rules::present(self.room(room), room, sender)?;
        checked(content)?;
        let known = &self.rooms[room];
        rules::send(known, sender, kind, state_key, content)?;
        if let Some(before) = state_key.and_then(|key| known.now(kind, key))
            && before.content == *content
            && before.sender == sender
        {
            return Ok(before.id.clone());
        }
        Ok(self.append(room, sender, kind, state_key, content.clone(), (at, txn)))
    }

    /// Empties an event; answers the redaction's ID.
    pub(crate) fn redact(
        &mut self,
        room: &str,
        sender: &str,
        target: &str,
        reason: Option<&str>,
        txn: Txn<'_>,
    ) -> Result<String, Refusal> {
        rules::present(self.room(room), room, sender)?;
        rules::redact(&self.rooms[room], sender, target)?;
        let mut content = json!({ "redacts": target });
        if let Some(reason) = reason {
            content["reason"] = reason.into();
        }
        let id = self.append(room, sender, "m.room.redaction", None, content, (None, txn));
        let timeline = &mut self.rooms.get_mut(room).unwrap().timeline;
        timeline.iter_mut().find(|event| event.id == target).unwrap().redact(&id);
        Ok(id)
    }

    pub(crate) fn join(&mut self, room: &str, user: &str) -> Result<(), Refusal> {
        let Some(known) = self.room(room).filter(|room| room.joined().next().is_some()) else {
            let sentence =
                "Can't join remote room because no servers that are in the room have been provided.";
            return Err(Refusal::new(404, "M_UNKNOWN", sentence));
        };
        rules::join(known, user)?;
        if !known.is_joined(user) {
            self.member(room, user, user, "join", &Value::Null);
        }
        Ok(())
    }

    pub(crate) fn invite(&mut self, room: &str, by: &str, user: &str, more: &Value) -> Result<(), Refusal> {
        let Some(known) = self.room(room) else {
            return Err(Refusal::new(403, "M_FORBIDDEN", "Unknown room"));
        };
        rules::invite(known, by, user)?;
        let before = known.now("m.room.member", user);
        if before.is_none_or(|event| event.membership() != "invite" || event.sender != by) {
            self.member(room, by, user, "invite", more);
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self, room: &str, user: &str, more: &Value) -> Result<(), Refusal> {
        let Some(known) = self.room(room) else {
            return Err(Refusal::new(404, "M_UNKNOWN", "Not a known room"));
        };
        if rules::leave(known, user)? {
            self.member(room, user, user, "leave", more);
        }
        Ok(())
    }

    /// `kick`, `ban` or `unban`.
    pub(crate) fn expel(
        &mut self,
        how: &str,
        room: &str,
        by: &str,
        user: &str,
        more: &Value,
    ) -> Result<(), Refusal> {
        let Some(known) = self.room(room) else {
            return Err(Refusal::new(404, "M_UNKNOWN", "Not a known room"));
        };
        let membership = match how {
            "kick" => rules::kick(known, by, user).map(|()| "leave")?,
            "ban" => rules::ban(known, by, user).map(|()| "ban")?,
            _ => rules::unban(known, by, user).map(|()| "leave")?,
        };
        self.member(room, by, user, membership, more);
        Ok(())
    }

    pub(crate) fn member(&mut self, room: &str, by: &str, user: &str, membership: &str, more: &Value) {
        let content = self.member_content(user, membership, more);
        if let Some(known) = self.rooms.get_mut(room)
            && membership == "join"
        {
            known.forgotten.remove(user);
        }
        self.append(room, by, "m.room.member", Some(user), content, (None, None));
    }

    /// A new name stands in every room.
    pub(crate) fn renamed(&mut self, user: &str) {
        let rooms: Vec<String> =
            self.rooms.values().filter(|room| room.is_joined(user)).map(|room| room.id.clone()).collect();
        for room in rooms {
            self.member(&room, user, user, "join", &Value::Null);
        }
    }

    /// Adds an event that may be added, and has it pushed where it is of interest.
    pub(crate) fn append(
        &mut self,
        room: &str,
        sender: &str,
        kind: &str,
        state_key: Option<&str>,
        content: Value,
        (at, txn): (Option<u64>, Txn<'_>),
    ) -> String {
        self.position += 1;
        // In version 12, a room has its create event's name.
        let id = match room.strip_prefix('!').filter(|rest| kind == "m.room.create" && !rest.contains(':')) {
            Some(rest) => format!("${rest}"),
            None => format!("${}", self.fresh()),
        };
        let invite = (kind == "m.room.member" && content["membership"] == "invite").then(|| {
            let room = &self.rooms[room];
            let named = ["create", "join_rules", "canonical_alias", "avatar", "encryption", "name", "topic"];
            let shown = named.iter().filter_map(|kind| room.now(&format!("m.room.{kind}"), ""));
            shown.chain(room.now("m.room.member", sender)).map(Event::stripped).collect()
        });
        let event = Event {
            id: id.clone(),
            room: room.to_owned(),
            kind: kind.to_owned(),
            state_key: state_key.map(str::to_owned),
            sender: sender.to_owned(),
            content,
            at: at.unwrap_or_else(|| self.clock.now()),
            position: self.position,
            replaces: None,
            invite_state: invite,
            redacted_by: None,
            txn: txn.map(|(txn, device)| (txn.to_owned(), device.map(str::to_owned))),
        };
        self.rooms.get_mut(room).unwrap().push(event);
        let after = self.rooms[room].joined().any(|user| self.is_ours(user));
        if after || self.is_ours(sender) || state_key.is_some_and(|key| self.is_ours(key)) {
            self.delivery.event(room, &id);
        }
        id
    }

    /// An event with what became of it.
    pub(crate) fn shown(&self, room: &str, event: &Event, membership: Option<&str>, to: To<'_>) -> Value {
        let because = event.redacted_by.as_ref().and_then(|id| self.rooms[room].event(id));
        event.shown(self.now(), because, membership, to)
    }

    pub(crate) fn history(&self, room: &str) -> Vec<Value> {
        let Some(known) = self.room(room) else { return Vec::new() };
        known.timeline.iter().map(|event| self.shown(room, event, None, To::All)).collect()
    }

    pub(crate) fn restart(&mut self, in_order: bool) {
        self.forgetful.clear();
        self.delivery.restart(in_order);
    }
}

pub(crate) fn localpart(user: &str) -> &str {
    user.trim_start_matches('@').split(':').next().unwrap_or_default()
}

/// What no room takes: no object, a float, too many bytes.
fn checked(content: &Value) -> Result<(), Refusal> {
    fn has_float(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(all) => all.iter().any(has_float),
            Value::Object(all) => all.values().any(has_float),
            _ => false,
        }
    }
    if !content.is_object() {
        return Err(Refusal::new(400, "M_BAD_JSON", "Content must be a JSON object."));
    }
    if has_float(content) {
        return Err(Refusal::new(400, "M_BAD_JSON", "Bad JSON value: float"));
    }
    if content.to_string().len() > 65_000 {
        return Err(Refusal::new(413, "M_TOO_LARGE", "event too large"));
    }
    Ok(())
}
