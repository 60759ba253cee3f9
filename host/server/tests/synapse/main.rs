//! End to end: a real Synapse, the real `patchbay serve`, the real components. `cargo xtask test` installs Synapse and
//! runs these; each test has a homeserver, a host, a database and ports of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper that panics fails its test, and says why"
)]

mod conversation;
mod desk;
mod encrypted;
mod homeserver;
mod host;
mod restart;
mod town;
mod user;
mod wait;
