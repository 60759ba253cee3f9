//! Where a message goes, by rules.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// The router's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The adapter that gets everything that no rule matched; none: it is dropped.
    #[serde(default)]
    pub default: Option<String>,
}

/// The router.
pub struct RulesRouter(Settings);

impl Plugin for RulesRouter {
    type Settings = Settings;
    const SCHEMA: &'static str = r#"{"type":"object"}"#;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self(settings))
    }
}

impl Router for RulesRouter {
    fn decide(
        &self,
        message: Message,
        conversation: Conversation,
        _now: Timestamp,
    ) -> Result<Decision, String> {
        let internal = conversation.room.audience == Audience::Staff;
        let placement = Placement::ContinueOrOpen;
        let routes = (self.0.default.iter())
            .filter(|adapter| message.origin.as_ref() != Some(adapter))
            .map(|adapter| Route {
                adapter: adapter.clone(),
                placement: placement.clone(),
                internal,
                initial: Vec::new(),
                changes: Vec::new(),
            })
            .collect();
        let reason = "no rule matched".to_owned();
        Ok(Decision { routes, replies: Vec::new(), labels: conversation.labels, reason })
    }
}

patchbay_sdk::export_router!(RulesRouter);
