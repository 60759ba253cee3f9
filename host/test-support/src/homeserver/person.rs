//! Somebody with a Matrix client, as a test speaks for her. What she may not do fails the test; [`Person::attempt`]
//! answers instead.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    Shared,
    identity::token,
    world::{Refusal, World},
};

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    shared: Arc<Shared>,
    user: String,
}

// === impl Person ===

impl Person {
    pub(crate) fn new(shared: Arc<Shared>, user: String) -> Self {
        Self { shared, user }
    }

    /// Her user ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.user
    }

    /// Her access token.
    #[must_use]
    pub fn token(&self) -> String {
        token(&self.user)
    }

    /// Makes a private room and invites.
    pub fn create_room(&self, name: &str, invite: &[&str]) -> String {
        self.create(&json!({ "name": name, "preset": "private_chat", "invite": invite }))
    }

    /// `createRoom` with this body.
    pub fn create(&self, asked: &Value) -> String {
        let (version, ours) =
            (self.shared.options.room_version.clone(), self.world(|w| w.is_ours(&self.user)));
        self.act(|world, user| world.create_room(user, ours, &version, asked))
    }

    /// Joins.
    pub fn join(&self, room: &str) {
        self.act(|world, user| world.join(room, user));
    }

    /// Invites.
    pub fn invite(&self, room: &str, whom: &str) {
        self.act(|world, user| world.invite(room, user, whom, &Value::Null));
    }

    /// Leaves.
    pub fn leave(&self, room: &str) {
        self.act(|world, user| world.leave(room, user, &Value::Null));
    }

    /// Throws somebody out.
    pub fn kick(&self, room: &str, whom: &str) {
        self.act(|world, user| world.expel("kick", room, user, whom, &json!({ "reason": "bye" })));
    }

    /// Throws somebody out for good.
    pub fn ban(&self, room: &str, whom: &str) {
        self.act(|world, user| world.expel("ban", room, user, whom, &Value::Null));
    }

    /// Takes a ban back.
    pub fn unban(&self, room: &str, whom: &str) {
        self.act(|world, user| world.expel("unban", room, user, whom, &Value::Null));
    }

    /// Says something; answers the event's ID.
    pub fn say(&self, room: &str, words: &str) -> String {
        self.send(room, "m.room.message", &json!({ "msgtype": "m.text", "body": words }))
    }

    /// Sends an event; answers its ID.
    pub fn send(&self, room: &str, kind: &str, content: &Value) -> String {
        self.act(|world, user| world.send(room, user, kind, None, content, (None, None)))
    }

    /// Sets state; answers the event's ID.
    pub fn state(&self, room: &str, kind: &str, state_key: &str, content: &Value) -> String {
        self.act(|world, user| world.send(room, user, kind, Some(state_key), content, (None, None)))
    }

    /// Takes an event back; answers the redaction's ID.
    pub fn redact(&self, room: &str, event: &str) -> String {
        self.act(|world, user| world.redact(room, user, event, None, None))
    }

    /// Replaces the room; answers the new one, in which nobody else is yet.
    pub fn upgrade(&self, room: &str, version: &str) -> String {
        self.act(|world, user| world.upgrade(room, user, version))
    }

    /// Uploads; answers the `mxc://` address.
    pub fn upload(&self, bytes: impl Into<Bytes>, mime_type: &str, name: &str) -> String {
        self.act(|world, _| Ok(world.upload(bytes.into(), mime_type, Some(name))))
    }

    /// Begins to type, or stops.
    pub fn types(&self, room: &str, typing: bool) {
        self.act(|world, user| {
            world.typing(room, user, typing);
            Ok(())
        });
    }

    /// Shows that she has read up to here.
    pub fn reads(&self, room: &str, event: &str) {
        self.act(|world, user| {
            world.receipt(room, user, event);
            Ok(())
        });
    }

    /// Anything that [`Self`] does, with what the homeserver says against it.
    ///
    /// # Errors
    /// What the homeserver says.
    pub fn attempt(&self, kind: &str, room: &str, content: &Value) -> Result<String, Refusal> {
        let done = self.world(|world| world.send(room, &self.user, kind, None, content, (None, None)));
        self.shared.wake.notify_one();
        done
    }

    fn act<T>(&self, act: impl FnOnce(&mut World, &str) -> Result<T, Refusal>) -> T {
        let done = self.world(|world| act(world, &self.user));
        self.shared.wake.notify_one();
        done.unwrap_or_else(|refusal| panic!("{} may not: {refusal:?}", self.user))
    }

    fn world<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.shared.world())
    }
}

impl World {
    pub(crate) fn typing(&mut self, room: &str, user: &str, typing: bool) {
        let users = if typing { json!([user]) } else { json!([]) };
        self.tell(room, json!({ "type": "m.typing", "room_id": room, "content": { "user_ids": users } }));
    }

    pub(crate) fn receipt(&mut self, room: &str, user: &str, event: &str) {
        let read = json!({ event: { "m.read": { user: { "ts": self.now() } } } });
        self.tell(room, json!({ "type": "m.receipt", "room_id": room, "content": read }));
    }

    fn tell(&mut self, room: &str, event: Value) {
        if self.room(room).is_some_and(|room| room.joined().any(|user| self.is_ours(user))) {
            self.delivery.ephemeral(event);
        }
    }
}
