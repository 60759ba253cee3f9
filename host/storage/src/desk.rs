//! The embedded desk: tickets and lines that live in the host's own tables, written by the receipt of the call that
//! made them.

use patchbay_types::{ConversationId, Millis, TenantId};
use serde::Serialize;

/// One write of a desk call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskWrite {
    /// A new, open ticket.
    Create {
        /// The tenant.
        tenant: TenantId,
        /// From [`crate::Store::next_desk_ticket`].
        ticket: String,
        /// The conversation.
        conversation: ConversationId,
        /// The customer, as JSON.
        customer: String,
        /// When.
        at: Millis,
    },
    /// A line at the end of a ticket. A second one with the same key is dropped.
    Line {
        /// The tenant.
        tenant: TenantId,
        /// The ticket.
        ticket: String,
        /// From [`crate::Store::next_desk_line`].
        line: String,
        /// The item's key.
        key: String,
        /// The author, as JSON.
        author: String,
        /// When it was sent.
        sent_at: Millis,
        /// Agents alone see it.
        internal: bool,
        /// What it says, as JSON.
        body: String,
        /// The line it answers.
        reply_to: Option<String>,
    },
    /// Other words for a line; the earlier ones are kept beside them.
    Rewrite {
        /// The tenant.
        tenant: TenantId,
        /// The line.
        line: String,
        /// What it says from now on, as JSON.
        body: String,
        /// When.
        at: Millis,
    },
    /// A line was taken back: it stays, marked.
    Remove {
        /// The tenant.
        tenant: TenantId,
        /// The line.
        line: String,
        /// When.
        at: Millis,
    },
    /// A reaction put on a line, or taken back.
    React {
        /// The tenant.
        tenant: TenantId,
        /// The line.
        line: String,
        /// The reaction.
        key: String,
        /// Who: the person's identifier.
        by: String,
        /// Put on, or taken back.
        on: bool,
    },
    /// The ticket's properties.
    Alter {
        /// The tenant.
        tenant: TenantId,
        /// The ticket.
        ticket: String,
        /// The change.
        change: DeskChange,
        /// When.
        at: Millis,
    },
}

// === impl DeskWrite ===

impl DeskWrite {
    /// About how many bytes it writes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Create { customer, .. } => customer.len(),
            Self::Line { author, body, .. } => author.len() + body.len(),
            Self::Rewrite { body, .. } => body.len(),
            Self::Remove { .. } | Self::React { .. } | Self::Alter { .. } => 64,
        }
    }
}

/// One change of a desk ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskChange {
    /// The contract's word for the status.
    Status(String),
    /// The contract's word for the priority.
    Priority(String),
    /// What it is about.
    Subject(String),
    /// The queue, as JSON; none takes it out of any.
    Queue(Option<String>),
    /// The assignee, as JSON; none makes it nobody's.
    Assignee(Option<String>),
    /// Puts a tag on.
    Tag(String),
    /// Takes a tag off.
    Untag(String),
    /// Sets a field of the tenant's own.
    Field(String, String),
}

/// A desk ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskTicket {
    /// The tenant.
    pub tenant: TenantId,
    /// Its identifier, `D-1` and so on.
    pub ticket: String,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The customer, as JSON.
    pub customer: String,
    /// The contract's word for its status.
    pub status: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The contract's word for its priority.
    pub priority: Option<String>,
    /// The queue, as JSON.
    pub queue: Option<String>,
    /// The assignee, as JSON.
    pub assignee: Option<String>,
    /// A JSON array of strings.
    pub tags: String,
    /// A JSON object of strings.
    pub fields: String,
    /// When it was opened.
    pub opened_at: Millis,
    /// When something last happened in it.
    pub last_at: Millis,
    /// How many lines it has.
    pub lines: u64,
}

/// A line of a desk ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskLine {
    /// Its identifier, `L-1` and so on.
    pub line: String,
    /// The ticket.
    pub ticket: String,
    /// The item's key.
    pub key: String,
    /// The author, as JSON.
    pub author: String,
    /// When it was sent.
    pub sent_at: Millis,
    /// Agents alone see it.
    pub internal: bool,
    /// What it says, as JSON.
    pub body: String,
    /// The line it answers.
    pub reply_to: Option<String>,
    /// When it was taken back.
    pub removed_at: Option<Millis>,
    /// What it said before: a JSON array of `{body, at}`, oldest first.
    pub edits: String,
    /// A JSON array of `[reaction, person]`, oldest first.
    pub reactions: String,
}

/// Which desk tickets are wanted, newest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskFilter {
    /// With this status alone.
    pub status: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The number in `D-1` or `L-1`; what is no such identifier has none, and is found nowhere.
pub(crate) fn number(id: &str) -> i64 {
    id.split_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(-1)
}
