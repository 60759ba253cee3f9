//! A mapper that marks each message with a stamp in its own bytes. The torture writes another stamp into the built
//! component, so that a thousand swaps bring a thousand different components without compiling one.

use std::hint::black_box;

use patchbay_sdk::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// Replaced in the built component.
static STAMP: [u8; 16] = *b"stamp-mapper-000";

/// The mapper has nothing to set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The mapper.
pub struct StampMapper;

impl Plugin for StampMapper {
    type Settings = Settings;

    fn prepare(_: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }
}

impl Mapper for StampMapper {
    fn from_matrix(&self, event: Event, _: Room) -> Result<Mapped, String> {
        let content: Value = serde_json::from_str(&event.content).map_err(|error| error.to_string())?;
        let edit = content.pointer("/m.relates_to/rel_type").and_then(Value::as_str) == Some("m.replace");
        let shown = matches!(event.event_type.as_str(), "m.room.message" | "m.sticker") && !edit;
        let Some(body) = content.get("body").and_then(Value::as_str).filter(|_| shown) else {
            return Ok(Mapped::Ignore("no message".to_owned()));
        };
        let text = Text { plain: format!("{body} [m={}]", stamp()), html: None };
        let message = Message {
            id: event.event_id,
            origin: None,
            author: event.sender,
            sent_at: event.origin_server_ts,
            content: Content::Post(Post { text: Some(text), files: Vec::new() }),
            reply_to: Vec::new(),
            thread: Vec::new(),
            attributes: vec![Attribute { key: "mapper".to_owned(), value: stamp().to_owned() }],
        };
        Ok(Mapped::Message(Said { conversation: None, message }))
    }

    fn to_matrix(&self, update: Update) -> Result<Vec<Action>, String> {
        let News::Message(message) = update.news else { return Ok(Vec::new()) };
        let Content::Post(Post { text: Some(text), .. }) = message.content else { return Ok(Vec::new()) };
        let content = json!({ "msgtype": "m.text", "body": text.plain }).to_string();
        let event_type = "m.room.message".to_owned();
        Ok(vec![Action::Send(Send {
            author: Some(message.author),
            event_type,
            content,
            attachments: Vec::new(),
        })])
    }

    fn plan_room(&self, _: Opening, _: Option<Room>) -> Result<RoomPlan, String> {
        Err("rooms are not made here".to_owned())
    }
}

fn stamp() -> &'static str {
    // Read at run time: the compiler must not know what is there.
    std::str::from_utf8(black_box(&STAMP)).unwrap_or("?")
}

patchbay_sdk::export_mapper!(StampMapper);
