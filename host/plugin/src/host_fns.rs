//! What a guest may import: one file for each interface of the contract, and WASI with nothing behind it.

mod clock;
mod desk;
mod http;
pub(crate) mod log;
mod secrets;
mod settings;
mod store;
pub(crate) mod wasi;
