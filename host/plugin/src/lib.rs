//! The plugin runtime: components in, typed calls out. It runs what it is given inside its limits, makes prepared
//! images, keeps each tenant's chain behind one pointer, and swaps it when the watched directory changes.
//!
//! What a plugin may reach outside its sandbox stands behind the traits of [`ports`]; this crate knows neither the
//! database nor Matrix.

mod admit;
mod answer;
mod artefact;
mod bounds;
mod cache;
pub mod call;
pub mod chain;
mod compiler;
mod cpu;
mod engine;
mod fault;
mod flight;
mod host_fns;
mod image;
mod instance;
mod linker;
mod meters;
mod plugin;
pub mod ports;
mod prepare;
mod recorded;
pub mod reload;
pub mod runtime;
mod schema;
mod slots;
mod state;
mod ticker;
pub mod wit;

pub use call::{CallError, Caller, Fault, FaultKind, Timed};
pub use chain::{Chain, Chains, Slot};
pub use plugin::Plugin;
pub use ports::Ports;
pub use recorded::Bytes as Shown;
pub use runtime::{LoadError, Runtime, RuntimeConfig, Wanted, World};
pub use wit::{
    exports::patchbay::plugin::{adapter, mapping, polling, routing, webhooks},
    patchbay::plugin::{desk, http, secrets, types},
};
