//! A small adapter as one writes it with the SDK. `cost-bare` does the same to the byte without it: what a call of this
//! one costs more is the SDK's price.

use patchbay_sdk::{
    clock,
    http::{self, secret, url},
    prelude::*,
    webhook::standard_webhooks,
};
use serde::{Deserialize, Serialize};

/// Where the CRM is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    url: String,
}

/// The adapter.
pub struct Crm(Settings);

#[derive(Serialize)]
struct Said<'a> {
    author: Option<&'a str>,
    text: &'a str,
    internal: bool,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

impl Plugin for Crm {
    type Settings = Settings;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        Ok(Self(settings))
    }
}

impl Adapter for Crm {
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> {
        Ok(person.id)
    }

    fn open(&self, _: Draft, call: Call) -> Result<Opened, Failure> {
        Ok(Opened { ticket: Ticket::new(call.key), written: Vec::new() })
    }

    fn append(&self, ticket: String, items: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> {
        write_each(items, |item| {
            let said = Said {
                author: item.message.author.remote.as_deref(),
                text: item.message.plain().unwrap_or_default(),
                internal: item.internal,
            };
            let place = url(&self.0.url).segment("tickets").segment(&ticket).segment("messages");
            let request = http::post(place)
                .bearer(secret("token"))
                .header("idempotency-key", &item.key)
                .json(&said)
                .step(&item.key);
            let made: Made = request.send().map_err(http::Error::gone)?.read()?;
            Ok(Written { key: item.key, parts: vec![made.id] })
        })
    }

    fn update(&self, _: String, _: Changes, _: Call) -> Result<(), Failure> {
        Ok(())
    }

    fn probe(&self) -> Result<Health, Failure> {
        Ok(Health::new("1", "answers"))
    }
}

impl Webhooks for Crm {
    fn accept(&self, hook: Webhook) -> Answer {
        match standard_webhooks(&hook, "hook", clock::now()) {
            Ok(()) => Answer::keep(),
            Err(forged) => forged.into(),
        }
    }

    fn receive(&self, _: Webhook) -> Result<Batch, Failure> {
        Ok(Vec::new().into())
    }
}

patchbay_sdk::export_adapter!(Crm: webhooks);
