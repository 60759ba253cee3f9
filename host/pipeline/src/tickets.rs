//! The contract's words for a ticket, as the database keeps them.

use patchbay_plugin::types::{Priority, TicketStatus};

/// The status behind a word; an unknown word is taken for an open ticket, so that nothing is lost in a closed one.
#[must_use]
pub(crate) fn status(word: &str) -> TicketStatus {
    match word {
        "pending" => TicketStatus::Pending,
        "solved" => TicketStatus::Solved,
        "closed" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

/// The word for a status.
#[must_use]
pub(crate) fn status_word(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Open => "open",
        TicketStatus::Pending => "pending",
        TicketStatus::Solved => "solved",
        TicketStatus::Closed => "closed",
    }
}

/// The word for a priority.
#[must_use]
pub(crate) fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}

/// Whether messages may still be appended: a solved ticket is reopened by its customer, a closed one is over.
#[must_use]
pub(crate) fn is_open(status: TicketStatus) -> bool {
    status != TicketStatus::Closed
}
