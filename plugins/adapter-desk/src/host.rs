//! What the adapter asks of the host, as a trait: the host itself in the sandbox, a small desk in tests.

use patchbay_sdk::{
    clock,
    desk::{self, Line, Unknown},
    prelude::*,
};

/// The contract's `desk` and `clock`.
pub(crate) trait Host {
    /// A new, open ticket.
    fn create(&mut self, conversation: &str, customer: &Person) -> String;
    /// Appends; answers the line's identifier.
    fn write(&mut self, ticket: &str, line: &Line) -> Result<String, Unknown>;
    /// Replaces a line's words.
    fn rewrite(&mut self, ticket: &str, line: &str, text: &Text) -> Result<(), Unknown>;
    /// Takes a line away.
    fn remove(&mut self, ticket: &str, line: &str) -> Result<(), Unknown>;
    /// Puts a reaction on a line, or takes it back.
    fn react(&mut self, ticket: &str, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown>;
    /// Changes the ticket.
    fn alter(&mut self, ticket: &str, change: &Change) -> Result<(), Unknown>;
    /// The time of the call.
    fn now(&self) -> Timestamp;
}

/// The host that this component runs in.
pub(crate) struct Patchbay;

impl Host for Patchbay {
    fn create(&mut self, conversation: &str, customer: &Person) -> String {
        desk::create(conversation, customer)
    }

    fn write(&mut self, ticket: &str, line: &Line) -> Result<String, Unknown> {
        desk::write(ticket, line)
    }

    fn rewrite(&mut self, ticket: &str, line: &str, text: &Text) -> Result<(), Unknown> {
        desk::rewrite(ticket, line, text)
    }

    fn remove(&mut self, ticket: &str, line: &str) -> Result<(), Unknown> {
        desk::remove(ticket, line)
    }

    fn react(&mut self, ticket: &str, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown> {
        desk::react(ticket, line, key, by, on)
    }

    fn alter(&mut self, ticket: &str, change: &Change) -> Result<(), Unknown> {
        desk::alter(ticket, change)
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }
}
