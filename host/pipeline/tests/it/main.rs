//! The pipeline with a real database and real components, built by `cargo xtask guests`.
#![cfg(test)]

mod captures;
mod crash;
mod crm;
mod doorkeeper;
mod follow;
#[path = "../../../plugin/tests/it/guest.rs"]
#[expect(dead_code, reason = "the tests of `plugin` use more of it")]
mod guest;
mod hooks;
mod house;
mod order;
mod outside;
mod owners;
mod parking;
