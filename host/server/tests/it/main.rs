//! The program as its users meet it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that panics fails its test"
)]

mod access;
mod bad_components;
mod bad_projects;
mod captures;
mod commands;
mod compose;
mod crm;
#[path = "../../../pipeline/tests/it/doorkeeper.rs"]
#[expect(dead_code, reason = "the tests of `pipeline` use more of it")]
mod doorkeeper;
mod export;
#[path = "../../../plugin/tests/it/guest.rs"]
#[expect(dead_code, reason = "the tests of `plugin` use more of it")]
mod guest;
mod guides;
mod homeserver;
mod hooks;
mod host;
mod manual;
mod odoo;
mod operator;
mod parked;
mod plugin;
mod plugins;
mod replies;
mod shutdown;
mod signed;
mod startup;
mod transcript;
mod watch;
