//! Events, people and rooms to try things with.

use mapper_matrix::MatrixMapper;
use patchbay_sdk::prelude::*;
use serde_json::Value;

pub(crate) fn mapper(settings: Value) -> MatrixMapper {
    MatrixMapper::prepare(serde_json::from_value(settings).unwrap()).unwrap()
}

pub(crate) fn person(id: &str, party: Party) -> Person {
    Person {
        id: id.to_owned(),
        remote: None,
        party,
        display_name: id.strip_prefix('@').and_then(|id| id.split(':').next()).map(str::to_owned),
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}

pub(crate) fn room(audience: Audience) -> Room {
    Room {
        room_id: "!room".to_owned(),
        conversation: None,
        name: None,
        encrypted: false,
        network: None,
        channel: None,
        features: Vec::new(),
        audience,
        people: vec![person("@bob:b", Party::Customer)],
        member_count: 2,
        entity: None,
    }
}

pub(crate) fn event(event_type: &str, content: &Value) -> Event {
    Event {
        event_id: "$event".to_owned(),
        sender: person("@alice:a", Party::Customer),
        event_type: event_type.to_owned(),
        state_key: None,
        origin_server_ts: 5,
        content: content.to_string(),
        encryption: Encryption::Clear,
        related: None,
    }
}

pub(crate) fn related(event_type: &str, content: &Value) -> Related {
    let (event_id, sender) = ("$related".to_owned(), "@alice:a".to_owned());
    Related { event_id, event_type: event_type.to_owned(), sender, content: content.to_string() }
}

/// What an event says, or why it says nothing.
pub(crate) fn said(event: Event) -> Result<Message, String> {
    let mapper = mapper(serde_json::json!({}));
    match mapper.from_matrix(event, room(Audience::Customer)).unwrap() {
        Mapped::Message(said) => Ok(said.message),
        Mapped::Ignore(why) => Err(why),
    }
}

pub(crate) fn text(plain: &str, html: Option<&str>) -> Text {
    Text { plain: plain.to_owned(), html: html.map(str::to_owned) }
}

pub(crate) fn post(plain: &str) -> Post {
    Post { text: Some(text(plain, None)), files: Vec::new() }
}

pub(crate) fn file(name: &str, kind: MediaKind) -> Attachment {
    Attachment {
        handle: "crm:7".to_owned(),
        kind,
        file_name: name.to_owned(),
        mime_type: "image/png".to_owned(),
        size: Some(69),
        width: Some(1),
        height: None,
        duration: None,
    }
}
