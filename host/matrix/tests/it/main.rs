//! The client, against answers that a real homeserver gave.

mod client;
mod homeserver;
