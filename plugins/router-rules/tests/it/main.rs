//! The router against rules as a tenant writes them.
#![cfg(test)]

mod conditions;
mod decisions;
mod example;
mod hours;
mod refusals;
mod sample;
