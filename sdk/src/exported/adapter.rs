//! The worlds of adapters that have webhooks.

use super::{Exported, Stored, UNPREPARED, with};
use crate::{
    bindings::adapter::exports::patchbay::plugin::{
        adapter::{self, Call, Draft, Failure, FailureKind, Health, Item, Opened, Written},
        webhooks::{self, Answer, Batch, Webhook},
    },
    plugin::{Adapter, Webhooks},
    types::{Changes, Person, Signal},
};

impl<P: Adapter + Stored> adapter::Guest for Exported<P> {
    fn contact(person: Person, call: Call) -> Result<String, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.contact(person, call))
    }

    fn open(draft: Draft, call: Call) -> Result<Opened, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.open(draft, call))
    }

    fn append(ticket: String, items: Vec<Item>, call: Call) -> Result<Vec<Written>, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.append(ticket, items, call))
    }

    fn update(ticket: String, changes: Changes, call: Call) -> Result<(), Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.update(ticket, changes, call))
    }

    fn notify(ticket: String, signal: Signal) -> Result<(), Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.notify(ticket, signal))
    }

    fn fetch(handle: String) -> Result<String, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.fetch(handle))
    }

    fn probe() -> Result<Health, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.probe())
    }
}

impl<P: Webhooks + Stored> webhooks::Guest for Exported<P> {
    fn accept(webhook: Webhook) -> Answer {
        // Unprepared, it cannot verify; kept, it is asked about again.
        let keep = || Answer { keep: true, status: 200, headers: Vec::new(), body: Vec::new() };
        with(|plugin: Option<&P>| plugin.map_or_else(keep, |plugin| plugin.accept(webhook)))
    }

    fn receive(webhook: Webhook) -> Result<Batch, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.receive(webhook))
    }
}

/// Another attempt may meet a prepared instance.
fn unprepared() -> Failure {
    let detail = UNPREPARED.to_owned();
    Failure { kind: FailureKind::Unavailable, detail, retry_after: None, written: Vec::new() }
}

/// Makes an [`Adapter`](crate::Adapter) with [`Webhooks`](crate::Webhooks) the component's exports. Once in a crate.
#[macro_export]
macro_rules! export_adapter {
    ($plugin:ty) => {
        $crate::export_piece!($plugin, adapter);
    };
}
