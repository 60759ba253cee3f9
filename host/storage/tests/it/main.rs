//! The store's promises, on real files.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test")]

mod accept;
mod crash;
mod decide;
mod deliver;
mod desk;
mod full;
mod group;
mod hooks;
mod journal;
mod news;
mod opening;
mod parked;
mod polls;
mod prune;
mod support;
mod why;
