//! Values to try things with. Change what matters to a test, and leave the rest.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::state::fail;
use crate::{
    bindings::{
        adapter::exports::patchbay::plugin::{
            adapter::{Draft, Item},
            webhooks::Webhook,
        },
        router::exports::patchbay::plugin::routing::Conversation,
    },
    secrets::{self, Algorithm},
    types::{Attachment, Audience, Header, Message, Party, Person, Room, Text, Timestamp},
};

/// A customer on WhatsApp, who is `contact-1` in the CRM.
#[must_use]
pub fn customer() -> Person {
    Person {
        remote: Some("contact-1".to_owned()),
        display_name: Some("Olha".to_owned()),
        phone: Some("+380441234567".to_owned()),
        network: Some("whatsapp".to_owned()),
        ..Person::new("whatsapp:380441234567", Party::Customer)
    }
}

/// The customer says `plain`.
#[must_use]
pub fn message(plain: &str) -> Message {
    Message::new("$event", customer(), 1_767_225_600_000, Text::from(plain).into())
}

/// The customer says `plain`, for an adapter.
#[must_use]
pub fn item(key: &str, plain: &str) -> Item {
    Item { key: key.to_owned(), message: message(plain), internal: false }
}

/// A ticket that begins with `items`.
#[must_use]
pub fn draft(items: Vec<Item>) -> Draft {
    Draft { conversation: "conversation-1".to_owned(), customer: customer(), initial: Vec::new(), items }
}

/// A picture.
#[must_use]
pub fn attachment(file_name: &str) -> Attachment {
    Attachment { size: Some(3), ..Attachment::new(format!("handle-of-{file_name}"), file_name, "image/png") }
}

/// A customer's room.
#[must_use]
pub fn room() -> Room {
    Room {
        room_id: "!room".to_owned(),
        conversation: Some("conversation-1".to_owned()),
        name: None,
        encrypted: false,
        network: None,
        channel: None,
        features: Vec::new(),
        audience: Audience::Customer,
        people: vec![customer()],
        member_count: 2,
        entity: None,
    }
}

/// The first message of a conversation without tickets.
#[must_use]
pub fn conversation() -> Conversation {
    Conversation {
        id: "conversation-1".to_owned(),
        room: room(),
        customer: Some(customer()),
        open_tickets: Vec::new(),
        message_count: 1,
        labels: Vec::new(),
    }
}

/// A POST with `body`, without headers.
#[must_use]
pub fn webhook(body: &[u8]) -> Webhook {
    let url = "https://hooks.example.org/hooks/acme/crm/token".to_owned();
    Webhook { method: "POST".to_owned(), url, headers: Vec::new(), body: body.to_vec() }
}

/// A POST with `body`, signed by the first value of `secret` as Standard Webhooks says it.
///
/// # Panics
/// When the host has no such secret.
#[must_use]
#[track_caller]
pub fn standard_webhook(secret: &str, id: &str, now: Timestamp, body: &[u8]) -> Webhook {
    let seconds = (now / 1000).to_string();
    let data = [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat();
    let signature =
        secrets::sign(Algorithm::HmacSha256, secret, &data).unwrap_or_else(|error| fail(&error.to_string()));
    let signature = format!("v1,{}", STANDARD.encode(signature));
    let header = |name: &str, value: String| Header { name: name.to_owned(), value };
    let mut webhook = webhook(body);
    webhook.headers = vec![
        header("webhook-id", id.to_owned()),
        header("webhook-timestamp", seconds),
        header("webhook-signature", signature),
    ];
    webhook
}
