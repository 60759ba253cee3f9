//! The pipeline with a real database and real components, built by `cargo xtask guests`.
#![cfg(test)]

mod captures;
mod crash;
mod follow;
mod house;
mod order;
mod owners;
mod parking;
