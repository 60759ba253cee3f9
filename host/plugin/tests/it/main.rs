//! Plugins as the host sees them: what is loaded, what is refused, what a call may do, and how files become generations.
#![cfg(test)]

mod adapters;
mod corpus;
mod corpus_files;
mod evil;
mod first_party;
mod guest;
mod host;
mod isolation;
mod loading;
mod metering;
mod refusals;
mod reload;
mod values;
mod wasi;
