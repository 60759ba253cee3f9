//! The embedded desk as a CRM adapter: tickets and their lines live in the host's own tables, and what a call writes
//! is committed with its receipt or not at all. So nothing here is journalled, retried or remembered.

mod agent;
mod lines;

use patchbay_sdk::{clock, desk, prelude::*};
use serde::Deserialize;

use crate::lines::Lines;

/// There is nothing to set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The adapter.
pub struct DeskAdapter;

impl Plugin for DeskAdapter {
    type Settings = Settings;

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
        let id = desk::create(&draft.conversation, &draft.customer);
        alter(&id, &draft.initial)?;
        let written = append(&id, draft.items)?;
        Ok(Opened { ticket: Ticket::new(id), written })
    }

    fn append(&self, ticket: String, items: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> {
        append(&ticket, items)
    }

    fn update(&self, ticket: String, changes: Changes, _: Call) -> Result<(), Failure> {
        alter(&ticket, &changes.changes)
    }

    fn probe(&self) -> Result<Health, Failure> {
        Ok(Health::new(env!("CARGO_PKG_VERSION"), "embedded"))
    }
}

impl Webhooks for DeskAdapter {
    /// Only the host itself calls this, for an agent who used its API or command line.
    fn accept(&self, _: Webhook) -> Answer {
        Answer::keep()
    }

    fn receive(&self, webhook: Webhook) -> Result<Batch, Failure> {
        let entry = agent::said(&webhook.body, clock::now).map_err(Failure::rejected)?;
        Ok(vec![entry].into())
    }
}

fn append(ticket: &str, items: Vec<Item>) -> Result<Vec<Written>, Failure> {
    let lines = Lines { ticket };
    items.into_iter().map(|item| lines.add(item).map_err(Failure::from)).collect()
}

fn alter(ticket: &str, changes: &[Change]) -> Result<(), Failure> {
    changes.iter().try_for_each(|change| desk::alter(ticket, change).map_err(Failure::from))
}

patchbay_sdk::export_adapter!(DeskAdapter: webhooks);

#[cfg(test)]
mod tests;
