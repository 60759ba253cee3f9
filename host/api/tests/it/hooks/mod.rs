//! Webhooks over real sockets.

mod bad_input;
mod doors;
mod house;
mod keeping;
