//! Writing a Patchbay plugin in Rust: a type that holds what `prepare` built, a trait for its world, and one macro.
//!
//! ```
//! use patchbay_sdk::prelude::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     adapter: String,
//! }
//!
//! struct ToOne(Settings);
//!
//! impl Plugin for ToOne {
//!     type Settings = Settings;
//!     const SCHEMA: &'static str = r#"{"type":"object","properties":{"adapter":{"type":"string"}}}"#;
//!
//!     fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
//!         Ok(Self(settings))
//!     }
//! }
//!
//! impl Router for ToOne {
//!     fn decide(&self, _: Message, _: Conversation, _: Timestamp) -> Result<Decision, String> {
//!         let adapter = self.0.adapter.clone();
//!         let placement = Placement::ContinueOrOpen;
//!         let route = Route { adapter, placement, internal: false, initial: Vec::new(), changes: Vec::new() };
//!         let reason = "everything goes there".to_owned();
//!         Ok(Decision { routes: vec![route], replies: Vec::new(), labels: Vec::new(), reason })
//!     }
//! }
//!
//! patchbay_sdk::export_router!(ToOne);
//! # fn main() {}
//! ```
//!
//! The same code compiles natively, where the macro exports nothing: a plugin's logic is tested with `cargo test`.

#[doc(hidden)]
pub mod bindings;
mod exported;
pub mod log;
mod plugin;
pub mod prelude;
mod settings;

pub use bindings::base::{
    exports::patchbay::plugin::plugin::Problem,
    patchbay::plugin::{clock, desk, http, secrets, store, types},
};
#[doc(hidden)]
pub use exported::{Exported, Stored};
pub use plugin::{Adapter, Mapper, Plugin, Router, Webhooks};
pub use settings::problem;
