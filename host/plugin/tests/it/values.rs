//! The smallest values of the contract's types.

use patchbay_plugin::{adapter, mapping, routing, types};

pub(crate) fn person() -> types::Person {
    types::Person {
        id: "@anna:localhost".to_owned(),
        remote: None,
        party: types::Party::Customer,
        display_name: None,
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}

pub(crate) fn room() -> types::Room {
    types::Room {
        room_id: "!room:localhost".to_owned(),
        conversation: None,
        name: None,
        encrypted: false,
        network: None,
        channel: None,
        features: Vec::new(),
        audience: types::Audience::Customer,
        people: Vec::new(),
        member_count: 1,
        entity: None,
    }
}

pub(crate) fn event() -> mapping::Event {
    mapping::Event {
        event_id: "$event".to_owned(),
        sender: person(),
        event_type: "m.room.message".to_owned(),
        state_key: None,
        origin_server_ts: 1,
        content: "{}".to_owned(),
        encryption: mapping::Encryption::Clear,
        related: None,
    }
}

pub(crate) fn message() -> types::Message {
    let text = types::Text { plain: "hello".to_owned(), html: None };
    types::Message {
        id: "$event".to_owned(),
        origin: None,
        author: person(),
        sent_at: 1,
        content: types::Content::Post(types::Post { text: Some(text), files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

pub(crate) fn conversation() -> routing::Conversation {
    routing::Conversation {
        id: "c".to_owned(),
        room: room(),
        customer: None,
        open_tickets: Vec::new(),
        message_count: 1,
        labels: Vec::new(),
    }
}

pub(crate) fn call() -> adapter::Call {
    adapter::Call { key: "k".to_owned(), attempt: 1, history: false }
}

pub(crate) fn update() -> mapping::Update {
    mapping::Update {
        conversation: "c".to_owned(),
        room: room(),
        adapter: "desk".to_owned(),
        ticket: types::Ticket { id: "1".to_owned(), url: None },
        news: types::News::Message(message()),
    }
}
