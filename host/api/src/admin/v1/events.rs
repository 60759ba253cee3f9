//! Events: what became of them.

pub mod export;
pub mod why;
