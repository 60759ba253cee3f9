//! Everything that answers HTTP. [`appservice`] is what homeservers call.

pub mod appservice;
