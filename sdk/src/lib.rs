//! Writing a Patchbay plugin in Rust: a type that holds what `prepare` built, a trait for its world, and one macro.
//!
//! ```
//! use patchbay_sdk::prelude::*;
//! use serde::Deserialize;
//!
//! /// Where messages go.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     /// The adapter that gets everything.
//!     adapter: String,
//! }
//!
//! struct ToOne(Settings);
//!
//! impl Plugin for ToOne {
//!     type Settings = Settings;
//!
//!     fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
//!         if settings.adapter.is_empty() {
//!             return Err(vec![problem("/adapter", "name an adapter of this tenant")]);
//!         }
//!         Ok(Self(settings))
//!     }
//! }
//!
//! impl Router for ToOne {
//!     fn decide(&self, _: Message, _: Conversation, _: Timestamp) -> Result<Decision, String> {
//!         Ok(Decision::routes(vec![Route::to(&self.0.adapter)], "everything goes there"))
//!     }
//! }
//!
//! patchbay_sdk::export_router!(ToOne);
//!
//! // Natively the macro exports nothing, and a test asks the same code.
//! use patchbay_sdk::testing::{Host, sample};
//! let host = Host::new();
//! let router: ToOne = host.prepare(serde_json::json!({ "adapter": "desk" })).unwrap();
//! let decision = router.decide(sample::message("hello"), sample::conversation(), host.now()).unwrap();
//! assert_eq!(decision.routes[0].adapter, "desk");
//! ```
//!
//! # What there is
//!
//! | a plugin is | its traits | exported by |
//! |---|---|---|
//! | a mapper | [`Mapper`] | [`export_mapper!`] |
//! | a router | [`Router`] | [`export_router!`] |
//! | a CRM adapter | [`Adapter`], and [`Webhooks`] or [`Polling`] or both | [`export_adapter!`] |
//!
//! What it may ask of the host has a module each: [`log`] for all; [`clock`], [`http`], [`secrets`] and [`store`] for
//! adapters, as far as the operator grants them. [`webhook`] checks signatures, [`testing`] stands in for the host.
//!
//! # What a plugin lives by
//!
//! **Nothing is remembered between calls.** Each starts from the image that `prepare` left. What has to last goes into
//! [`store`], or better into the CRM.
//!
//! **Every call may come again**, with the same key and a higher attempt, after any crash. Give each effect a
//! [step](http::Request::step): what was answered is then not sent a second time. What was sent without an answer is, so
//! look first where the CRM lets you search for the key.
//!
//! **A failure says what happens next**, by its kind: wait, pause the connection, give up, make a new ticket. `?` turns
//! an [`http::Error`] into the [`Failure`](prelude::Failure) that fits.
//!
//! **A panic is a fault**, logged with its file and line. It is better to answer a failure.
//!
//! # In a crate
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//!
//! [dependencies]
//! patchbay-sdk = "0.1"
//! serde = { version = "1", features = ["derive"] }
//! ```
//!
//! A `plugin.toml` beside it says name, version, world, and what the plugin wants to be granted.

#[doc(hidden)]
pub mod bindings;
pub mod clock;
pub mod desk;
mod exported;
mod failure;
mod host;
pub mod http;
pub mod log;
mod plugin;
pub mod prelude;
mod schema;
pub mod secrets;
mod settings;
pub mod store;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod values;
pub mod webhook;

pub use schemars;
pub use serde;
pub use serde_json;

pub use bindings::base::{exports::patchbay::plugin::plugin::Problem, patchbay::plugin::types};
#[doc(hidden)]
pub use exported::{Exported, Stored};
pub use failure::write_each;
pub use plugin::{Adapter, Mapper, Plugin, Polling, Router, Webhooks};
#[doc(hidden)]
pub use schema::by_hand;
pub use settings::problem;
