//! The client, against answers that a real homeserver gave.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that panics fails its test"
)]

mod client;
mod homeserver;
