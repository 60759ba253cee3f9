//! Events: what became of them.

pub mod why;
