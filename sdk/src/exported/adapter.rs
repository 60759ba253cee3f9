//! The worlds of adapters: alone, with webhooks, with polling, with both.

use super::{Exported, Stored, UNPREPARED, with};
use crate::{
    bindings::adapter::exports::patchbay::plugin::{
        adapter::{self, Call, Draft, Failure, FailureKind, Health, Item, Opened, Written},
        polling::{self, Page},
        webhooks::{self, Answer, Batch, Webhook},
    },
    plugin::{Adapter, Polling, Webhooks},
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

impl<P: Polling + Stored> polling::Guest for Exported<P> {
    fn poll(cursor: Option<String>) -> Result<Page, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.poll(cursor))
    }

    fn history(ticket: String, cursor: Option<String>) -> Result<Page, Failure> {
        with(|plugin: Option<&P>| plugin.ok_or_else(unprepared)?.history(ticket, cursor))
    }
}

/// Another attempt may meet a prepared instance.
fn unprepared() -> Failure {
    Failure::of(FailureKind::Unavailable, UNPREPARED)
}

/// Makes an [`Adapter`](crate::Adapter) the component's exports, and with it what is named behind the colon:
/// [`webhooks`](crate::Webhooks), [`polling`](crate::Polling), or both. Once in a crate.
///
/// ```ignore
/// patchbay_sdk::export_adapter!(Crm);
/// patchbay_sdk::export_adapter!(Crm: webhooks);
/// patchbay_sdk::export_adapter!(Crm: polling);
/// patchbay_sdk::export_adapter!(Crm: webhooks, polling);
/// ```
#[macro_export]
macro_rules! export_adapter {
    ($plugin:ty) => {
        $crate::export_lesser_adapter!($plugin, BASE, "component-type:patchbay:sdk:adapter-base");
    };
    ($plugin:ty: webhooks) => {
        $crate::export_lesser_adapter!($plugin, WEBHOOKS, "component-type:patchbay:sdk:adapter-webhooks");
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::adapter::exports::patchbay::plugin::webhooks::__export_patchbay_plugin_webhooks_0_1_0_cabi!(
            ExportedPlugin with_types_in $crate::bindings::adapter::exports::patchbay::plugin::webhooks
        );
    };
    ($plugin:ty: polling) => {
        $crate::export_lesser_adapter!($plugin, POLLING, "component-type:patchbay:sdk:adapter-polling");
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::adapter::exports::patchbay::plugin::polling::__export_patchbay_plugin_polling_0_1_0_cabi!(
            ExportedPlugin with_types_in $crate::bindings::adapter::exports::patchbay::plugin::polling
        );
    };
    ($plugin:ty: webhooks, polling) => {
        $crate::export_piece!($plugin, adapter);
    };
}

/// Exports `plugin` and `adapter`, and says that the component's world is `$world`.
#[doc(hidden)]
#[macro_export]
macro_rules! export_lesser_adapter {
    ($plugin:ty, $world:ident, $section:literal) => {
        $crate::export_plugin!($plugin);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::adapter::exports::patchbay::plugin::adapter::__export_patchbay_plugin_adapter_0_1_0_cabi!(
            ExportedPlugin with_types_in $crate::bindings::adapter::exports::patchbay::plugin::adapter
        );
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(link_section = $section)]
            #[doc(hidden)]
            pub static WORLD: [u8; $crate::bindings::worlds::$world.len()] =
                *$crate::bindings::worlds::$world.first_chunk().unwrap();
        };
    };
}
