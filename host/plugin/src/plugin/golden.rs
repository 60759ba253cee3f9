//! The golden call: one neutral case of each world, tried before a plugin is activated, and again when it faults, to
//! tell a broken plugin from a poisonous event. It passes when the sandbox did not have to end it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::executor::block_on;

use super::Plugin;
use crate::{
    call::{CallError, Caller},
    ports::{Desk, KeyValue, Ports},
    runtime::World,
    wit::{
        exports::patchbay::plugin::{adapter, mapping, routing},
        patchbay::plugin::{
            desk::{Line, Unknown},
            types::{self, Audience, Change, Content, Message, Party, Person, Post, Room, Text},
        },
    },
};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600_000;

impl Plugin {
    /// Calls the world's golden case in a throwaway store with nothing behind it.
    ///
    /// # Errors
    /// A fault. An error that the guest returns is fine: it ran.
    pub fn golden(&self, caller: &Caller) -> Result<(), CallError> {
        let outcome = match self.0.parts.world {
            World::Mapper => self.from_matrix(caller, &event(), &room()).map(drop),
            World::Router => self.decide(caller, &message(), &conversation(), NOW).map(drop),
            World::Adapter => {
                let ports = Ports {
                    now: NOW,
                    store: Some(Box::new(ScratchStore::default())),
                    desk: Some(Box::new(ScratchDesk)),
                    ..Ports::none(NOW)
                };
                let call = adapter::Call { key: "golden".to_owned(), attempt: 1, history: false };
                block_on(self.open(caller, ports, &draft(), &call)).map(drop)
            }
        };
        match outcome {
            Ok(()) | Err(CallError::Guest(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

fn event() -> mapping::Event {
    mapping::Event {
        event_id: "$golden".to_owned(),
        sender: person(),
        event_type: "m.room.message".to_owned(),
        state_key: None,
        origin_server_ts: NOW,
        content: r#"{"msgtype":"m.text","body":"golden"}"#.to_owned(),
        encryption: mapping::Encryption::Clear,
        related: None,
    }
}

fn message() -> Message {
    let text = Text { plain: "golden".to_owned(), html: None };
    Message {
        id: "$golden".to_owned(),
        origin: None,
        author: person(),
        sent_at: NOW,
        content: Content::Post(Post { text: Some(text), files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

fn person() -> Person {
    Person {
        id: "@golden:patchbay.invalid".to_owned(),
        remote: None,
        party: Party::Customer,
        display_name: Some("Golden".to_owned()),
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}

fn room() -> Room {
    Room {
        room_id: "!golden:patchbay.invalid".to_owned(),
        conversation: None,
        name: None,
        encrypted: false,
        network: None,
        channel: None,
        features: Vec::new(),
        audience: Audience::Customer,
        people: vec![person()],
        member_count: 2,
        entity: None,
    }
}

fn conversation() -> routing::Conversation {
    routing::Conversation {
        id: "golden".to_owned(),
        room: room(),
        customer: Some(person()),
        open_tickets: Vec::new(),
        message_count: 1,
        labels: Vec::new(),
    }
}

fn draft() -> adapter::Draft {
    let customer = Person { remote: Some("golden".to_owned()), ..person() };
    let message = Message { author: customer.clone(), ..message() };
    let item = adapter::Item { key: "golden".to_owned(), message, internal: false };
    adapter::Draft { conversation: "golden".to_owned(), customer, initial: Vec::new(), items: vec![item] }
}

/// Remembers to the end of the call.
#[derive(Default)]
struct ScratchStore(BTreeMap<String, Vec<u8>>);

#[async_trait]
impl KeyValue for ScratchStore {
    async fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).cloned()
    }

    fn set(&mut self, key: &str, value: Vec<u8>) -> Result<(), String> {
        self.0.insert(key.to_owned(), value);
        Ok(())
    }

    fn delete(&mut self, key: &str) {
        self.0.remove(key);
    }
}

/// Says yes to everything and keeps nothing.
struct ScratchDesk;

impl Desk for ScratchDesk {
    fn create(&mut self, _: String, _: Person) -> String {
        "golden".to_owned()
    }

    fn write(&mut self, _: String, line: Line) -> Result<String, Unknown> {
        Ok(line.key)
    }

    fn rewrite(&mut self, _: String, _: String, _: Text) -> Result<(), Unknown> {
        Ok(())
    }

    fn remove(&mut self, _: String, _: String) -> Result<(), Unknown> {
        Ok(())
    }

    fn react(&mut self, _: String, _: String, _: String, _: types::Person, _: bool) -> Result<(), Unknown> {
        Ok(())
    }

    fn alter(&mut self, _: String, _: Change) -> Result<(), Unknown> {
        Ok(())
    }
}
