//! The pipeline with a real database and real components, built by `cargo xtask guests`.
#![cfg(test)]

mod again;
mod alone;
mod captures;
mod crash;
mod crm;
mod doorkeeper;
mod errands;
mod failures;
mod feed;
mod follow;
mod forbidden;
#[path = "../../../plugin/tests/it/guest.rs"]
#[expect(dead_code, reason = "the tests of `plugin` use more of it")]
mod guest;
mod homeserver;
mod hooks;
mod house;
mod limits;
mod media;
mod odoo;
mod opening;
mod order;
mod outside;
mod owners;
mod parking;
mod places;
#[path = "../../../egress/tests/it/outside.rs"]
#[expect(dead_code, reason = "the tests of `egress` use more of it")]
mod played;
mod poison;
mod polled;
mod signals;
mod texts;
mod told;
mod voices;
