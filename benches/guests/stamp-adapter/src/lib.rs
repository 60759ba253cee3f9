//! The embedded desk as an adapter that marks each line with a stamp in its own bytes.

use std::hint::black_box;

use patchbay_sdk::{desk, prelude::*};
use serde::Deserialize;

/// Replaced in the built component.
static STAMP: [u8; 16] = *b"stamp-adapter-00";

/// The adapter has nothing to set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The adapter.
pub struct StampAdapter;

impl Plugin for StampAdapter {
    type Settings = Settings;

    fn prepare(_: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }
}

impl Adapter for StampAdapter {
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
                let text = Text { plain: format!("{} [a={}]", text.plain, stamp()), html: None };
                let line = desk::Line {
                    key: item.key.clone(),
                    author: item.message.author,
                    sent_at: item.message.sent_at,
                    internal: item.internal,
                    body: desk::Body::Text(text),
                    reply_to: None,
                };
                parts.push(desk::write(&ticket, &line).map_err(gone)?);
            }
            written.push(Written { key: item.key, parts });
        }
        Ok(written)
    }

    fn update(&self, _: String, _: Changes, _: Call) -> Result<(), Failure> {
        Ok(())
    }

    fn notify(&self, _: String, _: Signal) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch(&self, _: String) -> Result<String, Failure> {
        Err(failure(FailureKind::Unsupported, "there are no files here"))
    }

    fn probe(&self) -> Result<Health, Failure> {
        Ok(Health { version: stamp().to_owned(), detail: "stamped".to_owned() })
    }
}

impl Webhooks for StampAdapter {
    fn accept(&self, _: Webhook) -> Answer {
        Answer { keep: true, status: 200, headers: Vec::new(), body: Vec::new() }
    }

    fn receive(&self, _: Webhook) -> Result<Batch, Failure> {
        Err(failure(FailureKind::Unsupported, "nothing is received here"))
    }
}

fn gone(unknown: desk::Unknown) -> Failure {
    failure(FailureKind::Gone, &format!("{unknown:?}"))
}

fn failure(kind: FailureKind, detail: &str) -> Failure {
    Failure { kind, detail: detail.to_owned(), retry_after: None, written: Vec::new() }
}

fn stamp() -> &'static str {
    // Read at run time: the compiler must not know what is there.
    std::str::from_utf8(black_box(&STAMP)).unwrap_or("?")
}

patchbay_sdk::export_adapter!(StampAdapter: webhooks);
