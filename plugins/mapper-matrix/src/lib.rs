//! Matrix to the shared message form, and back.

use patchbay_sdk::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// The mapper's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {}

/// The mapper.
pub struct MatrixMapper(Settings);

impl Plugin for MatrixMapper {
    type Settings = Settings;
    const SCHEMA: &'static str = r#"{"type":"object"}"#;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self(settings))
    }
}

impl Mapper for MatrixMapper {
    fn from_matrix(&self, event: Event, _room: Room) -> Result<Mapped, String> {
        let _ = &self.0;
        if event.event_type != "m.room.message" {
            return Ok(Mapped::Ignore(format!("{} is not forwarded", event.event_type)));
        }
        let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
        let plain = content.get("body").and_then(Value::as_str).unwrap_or_default().to_owned();
        let html = content.get("formatted_body").and_then(Value::as_str).map(str::to_owned);
        let content = Content::Post(Post { text: Some(Text { plain, html }), files: Vec::new() });
        let message = Message {
            id: event.event_id,
            origin: None,
            author: event.sender,
            sent_at: event.origin_server_ts,
            content,
            reply_to: Vec::new(),
            thread: Vec::new(),
            attributes: Vec::new(),
        };
        Ok(Mapped::Message(Said { conversation: None, message }))
    }

    fn to_matrix(&self, update: Update) -> Result<Vec<Action>, String> {
        let News::Message(Message { author, content: Content::Post(Post { text: Some(text), .. }), .. }) =
            update.news
        else {
            return Ok(Vec::new());
        };
        let content = json!({ "msgtype": "m.text", "body": text.plain }).to_string();
        let event_type = "m.room.message".to_owned();
        Ok(vec![Action::Send(Send { author: Some(author), event_type, content, attachments: Vec::new() })])
    }

    fn plan_room(&self, opening: Opening, room: Option<Room>) -> Result<RoomPlan, String> {
        let encrypted = room.is_some_and(|room| room.encrypted);
        let levels = opening.seats.into_iter().map(|seat| Level { person: seat.person, power: 0 }).collect();
        let Opening { name, topic, archived, .. } = opening;
        Ok(RoomPlan { name, topic, encrypted, read_only: archived, levels, state: Vec::new() })
    }
}

patchbay_sdk::export_mapper!(MatrixMapper);
