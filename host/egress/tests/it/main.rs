//! The way out's promises, against servers on this machine that behave as badly as servers can.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that panics fails its test"
)]

mod bounds;
mod echo;
mod granted;
mod house;
mod outcome;
mod outside;
mod proxied;
mod rebinding;
mod redirect;
mod seen;
mod sharing;
mod signatures;
mod taking;
mod trust;
