//! The mapper against what a real homeserver sent, against each kind of event, and against nonsense.
#![cfg(test)]

mod captured;
mod from_matrix;
mod nonsense;
mod sample;
mod to_matrix;
