//! The receiver, spoken to as the adapter speaks to it.
#![cfg(test)]

mod back;
mod envelopes;
mod scene;
