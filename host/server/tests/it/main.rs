//! The program as its users meet it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that panics fails its test"
)]

mod access;
mod captures;
mod commands;
mod homeserver;
mod host;
mod manual;
mod operator;
mod plugins;
mod replies;
mod shutdown;
mod startup;
