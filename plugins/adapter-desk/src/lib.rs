//! The embedded desk as a CRM adapter: tickets and their lines live in the host's own tables, and what a call writes
//! is committed with its receipt or not at all. So nothing here is journalled, retried or remembered.

mod agent;
mod host;
mod lines;

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use crate::{
    host::{Host, Patchbay},
    lines::Lines,
};

/// There is nothing to set.
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
    /// The desk knows people by the tenant's own names.
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> {
        Ok(person.id)
    }

    fn open(&self, draft: Draft, _: Call) -> Result<Opened, Failure> {
        open(&mut Patchbay, draft)
    }

    fn append(&self, ticket: String, items: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> {
        append(&mut Patchbay, &ticket, items)
    }

    fn update(&self, ticket: String, changes: Changes, _: Call) -> Result<(), Failure> {
        alter(&mut Patchbay, &ticket, &changes.changes)
    }

    /// Nobody looks at the desk live.
    fn notify(&self, _: String, _: Signal) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch(&self, _: String) -> Result<String, Failure> {
        Err(failure(FailureKind::Unsupported, "the desk keeps no files: it shows those of the room"))
    }

    fn probe(&self) -> Result<Health, Failure> {
        Ok(Health { version: env!("CARGO_PKG_VERSION").to_owned(), detail: "embedded".to_owned() })
    }
}

impl Webhooks for DeskAdapter {
    /// Only the host itself calls this, for an agent who used its API or command line.
    fn accept(&self, _: Webhook) -> Answer {
        Answer { keep: true, status: 200, headers: Vec::new(), body: Vec::new() }
    }

    fn receive(&self, webhook: Webhook) -> Result<Batch, Failure> {
        let entry = agent::said(&webhook.body, || Patchbay.now())
            .map_err(|detail| failure(FailureKind::Rejected, &detail))?;
        Ok(Batch { entries: vec![entry], poll: false })
    }
}

fn open(host: &mut impl Host, draft: Draft) -> Result<Opened, Failure> {
    let id = host.create(&draft.conversation, &draft.customer);
    alter(host, &id, &draft.initial)?;
    let written = append(host, &id, draft.items)?;
    Ok(Opened { ticket: Ticket { id, url: None }, written })
}

fn append(host: &mut impl Host, ticket: &str, items: Vec<Item>) -> Result<Vec<Written>, Failure> {
    let mut lines = Lines { host, ticket };
    items.into_iter().map(|item| lines.add(item)).collect::<Result<_, _>>().map_err(|_| gone(ticket))
}

fn alter(host: &mut impl Host, ticket: &str, changes: &[Change]) -> Result<(), Failure> {
    changes.iter().try_for_each(|change| host.alter(ticket, change)).map_err(|_| gone(ticket))
}

fn gone(ticket: &str) -> Failure {
    failure(FailureKind::Gone, &format!("the desk has no ticket {ticket}"))
}

fn failure(kind: FailureKind, detail: &str) -> Failure {
    Failure { kind, detail: detail.to_owned(), retry_after: None, written: Vec::new() }
}

patchbay_sdk::export_adapter!(DeskAdapter);

#[cfg(test)]
mod tests;
