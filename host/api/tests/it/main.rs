//! The host's HTTP faces, called over real sockets with a real database behind them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that panics fails its test")]

mod appservice;
mod hooks;
mod media;
