//! The host's own tickets, for the adapter that serves them. What a call writes here is committed together with its
//! receipt, or not at all. Only the ticket of the call, or one that it made, can be written to.

pub use crate::bindings::base::patchbay::plugin::desk::{Body, Line, Unknown};
use crate::{
    host::desk as host,
    types::{Change, Person, Text},
};

/// A new, open ticket of `conversation`; answers its identifier.
#[must_use]
pub fn create(conversation: &str, customer: &Person) -> String {
    host::create(conversation, customer)
}

/// Appends a line; answers its identifier.
///
/// # Errors
/// When there is no such ticket, or no line that is replied to.
pub fn write(ticket: &str, line: &Line) -> Result<String, Unknown> {
    host::write(ticket, line)
}

/// Replaces a line's words, and keeps the earlier ones beside them.
///
/// # Errors
/// When there is no such ticket or line.
pub fn rewrite(ticket: &str, line: &str, text: &Text) -> Result<(), Unknown> {
    host::rewrite(ticket, line, text)
}

/// Takes a line away.
///
/// # Errors
/// When there is no such ticket or line.
pub fn remove(ticket: &str, line: &str) -> Result<(), Unknown> {
    host::remove(ticket, line)
}

/// Puts a reaction on a line, or takes it back.
///
/// # Errors
/// When there is no such ticket or line.
pub fn react(ticket: &str, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown> {
    host::react(ticket, line, key, by, on)
}

/// Changes the ticket.
///
/// # Errors
/// When there is no such ticket.
pub fn alter(ticket: &str, change: &Change) -> Result<(), Unknown> {
    host::alter(ticket, change)
}
