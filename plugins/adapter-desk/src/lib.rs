//! The embedded desk as an adapter.

use patchbay_sdk::{desk, prelude::*};
use serde::Deserialize;

/// The adapter has nothing to set.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The adapter.
pub struct DeskAdapter;

impl Plugin for DeskAdapter {
    type Settings = Settings;
    const SCHEMA: &'static str = r#"{"type":"object","additionalProperties":false}"#;

    fn prepare(_: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }
}

impl Adapter for DeskAdapter {
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> {
        Ok(person.id)
    }

    fn open(&self, draft: Draft, call: Call) -> Result<Opened, Failure> {
        let id = desk::create(&draft.conversation, &draft.customer);
        let written = self.append(id.clone(), draft.items, call)?;
        Ok(Opened { ticket: Ticket { id, url: None }, written })
    }

    fn append(&self, ticket: String, items: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> {
        let mut written = Vec::new();
        for item in items {
            let mut parts = Vec::new();
            if let Content::Post(Post { text: Some(text), .. }) = item.message.content {
                let line = desk::Line {
                    key: item.key.clone(),
                    author: item.message.author,
                    sent_at: item.message.sent_at,
                    internal: item.internal,
                    body: desk::Body::Text(text),
                    reply_to: item.message.reply_to.into_iter().next(),
                };
                parts.push(desk::write(&ticket, &line).map_err(gone)?);
            }
            written.push(Written { key: item.key, parts });
        }
        Ok(written)
    }

    fn update(&self, ticket: String, changes: Changes, _: Call) -> Result<(), Failure> {
        changes.changes.iter().try_for_each(|change| desk::alter(&ticket, change)).map_err(gone)
    }

    fn notify(&self, _: String, _: Signal) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch(&self, _: String) -> Result<String, Failure> {
        Err(failure(FailureKind::Unsupported, "the desk keeps no files of its own"))
    }

    fn probe(&self) -> Result<Health, Failure> {
        Ok(Health { version: env!("CARGO_PKG_VERSION").to_owned(), detail: "embedded".to_owned() })
    }
}

impl Webhooks for DeskAdapter {
    fn accept(&self, _: Webhook) -> Answer {
        Answer { keep: true, status: 200, headers: Vec::new(), body: Vec::new() }
    }

    fn receive(&self, _: Webhook) -> Result<Batch, Failure> {
        Err(failure(FailureKind::Unsupported, "nothing is received yet"))
    }
}

fn gone(unknown: desk::Unknown) -> Failure {
    failure(FailureKind::Gone, &format!("{unknown:?}"))
}

fn failure(kind: FailureKind, detail: &str) -> Failure {
    Failure { kind, detail: detail.to_owned(), retry_after: None, written: Vec::new() }
}

patchbay_sdk::export_adapter!(DeskAdapter);
