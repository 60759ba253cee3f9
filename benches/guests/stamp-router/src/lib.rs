//! A router that sends everything to the desk. It answers each room's every tenth message with the mapper's stamp
//! and its own: what the homeserver then has shows which two components handled one event.

use std::hint::black_box;

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// Replaced in the built component.
static STAMP: [u8; 16] = *b"stamp-router-000";

/// The router has nothing to set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The router.
pub struct StampRouter;

impl Plugin for StampRouter {
    type Settings = Settings;

    fn prepare(_: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }
}

impl Router for StampRouter {
    fn decide(&self, message: Message, conversation: Conversation, _: Timestamp) -> Result<Decision, String> {
        let mapper = message.attributes.iter().find(|attribute| attribute.key == "mapper");
        let mapper = mapper.map_or("?", |attribute| attribute.value.as_str());
        let reason = format!("{} m={mapper} r={}", message.id, stamp());
        let asked = match &message.content {
            Content::Post(Post { text: Some(text), .. }) => text.plain.contains("0 [m="),
            _ => false,
        };
        let answer = Text { plain: format!("reply {reason}"), html: None };
        let route = Route {
            adapter: "desk".to_owned(),
            placement: Placement::ContinueOrOpen,
            internal: false,
            initial: Vec::new(),
            changes: Vec::new(),
        };
        let replies = if asked { vec![answer] } else { Vec::new() };
        Ok(Decision { routes: vec![route], replies, labels: conversation.labels, reason })
    }
}

fn stamp() -> &'static str {
    // Read at run time: the compiler must not know what is there.
    std::str::from_utf8(black_box(&STAMP)).unwrap_or("?")
}

patchbay_sdk::export_router!(StampRouter);
