//! The plugin runtime: components in, typed calls out. It runs what it is given inside its limits, makes prepared
//! images, keeps each tenant's chain behind one pointer, and swaps it when the watched directory changes.
//!
//! What a plugin may reach outside its sandbox stands behind the traits of [`ports`]; this crate knows neither the
//! database nor Matrix.

pub mod call;
pub mod chain;
pub mod ports;
pub mod runtime;
pub mod wit;

pub use call::{CallError, Caller, Fault, FaultKind, Timed};
pub use chain::{Chain, Chains, Slot};
pub use ports::Ports;
pub use runtime::{LoadError, Plugin, Runtime, RuntimeConfig, Wanted, World};
pub use wit::{
    exports::patchbay::plugin::{adapter, mapping, polling, routing, webhooks},
    patchbay::plugin::{desk, types},
};
