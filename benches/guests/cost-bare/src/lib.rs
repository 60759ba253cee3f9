//! The same adapter as `cost-sdk`, on what the generator makes of the contract and nothing else: what somebody would
//! write who does without the SDK.
#![cfg_attr(
    target_arch = "wasm32",
    expect(unsafe_code, unreachable_pub, reason = "what is generated exports functions")
)]

#[doc(hidden)]
pub mod bindings;
mod post;
mod signed;

use std::cell::OnceCell;

use serde::Deserialize;

use crate::bindings::exports::patchbay::plugin::{
    adapter::{self, Call, Draft, Failure, FailureKind, Health, Item, Opened, Written},
    plugin::{self, Problem},
    webhooks::{self, Answer, Batch, Webhook},
};
use crate::bindings::patchbay::plugin::{
    settings,
    types::{Changes, Person, Signal, Ticket},
};

/// As the SDK leaves it behind: an image with free memory in it.
const HEADROOM: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
}

std::thread_local! {
    static PREPARED: OnceCell<Settings> = const { OnceCell::new() };
}

struct Crm;

impl plugin::Guest for Crm {
    fn settings_schema() -> String {
        "{}".to_owned()
    }

    fn prepare() -> Result<(), Vec<Problem>> {
        let settings = serde_json::from_str(&settings::get())
            .map_err(|error| vec![Problem { at: String::new(), message: error.to_string() }])?;
        PREPARED.with(|prepared| prepared.set(settings).is_ok());
        drop(Vec::<u8>::with_capacity(HEADROOM));
        Ok(())
    }
}

impl adapter::Guest for Crm {
    fn contact(person: Person, _: Call) -> Result<String, Failure> {
        Ok(person.id)
    }

    fn open(_: Draft, call: Call) -> Result<Opened, Failure> {
        Ok(Opened { ticket: Ticket { id: call.key, url: None }, written: Vec::new() })
    }

    fn append(ticket: String, items: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> {
        PREPARED.with(|prepared| {
            let settings = prepared.get().ok_or_else(|| failure(FailureKind::Unavailable, "unprepared"))?;
            post::each(&settings.url, &ticket, items)
        })
    }

    fn update(_: String, _: Changes, _: Call) -> Result<(), Failure> {
        Ok(())
    }

    fn notify(_: String, _: Signal) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch(_: String) -> Result<String, Failure> {
        Err(failure(FailureKind::Unsupported, "this adapter has no files"))
    }

    fn probe() -> Result<Health, Failure> {
        Ok(Health { version: "1".to_owned(), detail: "answers".to_owned() })
    }
}

impl webhooks::Guest for Crm {
    fn accept(hook: Webhook) -> Answer {
        let right = signed::is_right(&hook);
        Answer { keep: right, status: if right { 200 } else { 401 }, headers: Vec::new(), body: Vec::new() }
    }

    fn receive(_: Webhook) -> Result<Batch, Failure> {
        Ok(Batch { entries: Vec::new(), poll: false })
    }
}

fn failure(kind: FailureKind, detail: &str) -> Failure {
    Failure { kind, detail: detail.to_owned(), retry_after: None, written: Vec::new() }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Crm with_types_in bindings);
