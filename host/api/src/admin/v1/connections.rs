//! How it stands with whatever adapters talk to.

pub mod list;
pub mod probe;
