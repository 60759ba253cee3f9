//! The embedded desk: tickets, and what is said in them.

pub mod list;
pub mod reply;
pub mod show;
pub mod status;

use patchbay_plugin::desk::Body;
use patchbay_storage::{DeskLine, DeskTicket};
use patchbay_types::{ConversationId, Millis, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A ticket of the embedded desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whose it is.
    pub tenant: TenantId,
    /// Unique in the tenant, such as `D-1`.
    pub ticket: String,
    /// `open`, `pending`, `solved` or `closed`.
    pub status: String,
    /// What it is about.
    pub subject: Option<String>,
    /// `low`, `normal`, `high` or `urgent`.
    pub priority: Option<String>,
    /// Who asked, as far as the tenant knows them.
    pub customer: Value,
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// The queue it waits in.
    pub queue: Value,
    /// Whose work it is.
    pub assignee: Value,
    /// Tags.
    pub tags: Value,
    /// Fields of the tenant's own.
    pub fields: Value,
    /// How many lines it has.
    pub lines: u64,
    /// When it was opened.
    pub opened_at: Millis,
    /// When something last happened in it.
    pub last_at: Millis,
}

/// A line of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its identifier, such as `L-1`.
    pub line: String,
    /// Who wrote it.
    pub author: Value,
    /// When it was sent.
    pub sent_at: Millis,
    /// Agents alone see it.
    pub internal: bool,
    /// Its words; nothing where it has none.
    pub text: Option<String>,
    /// What it says, in the contract's form.
    pub body: Value,
    /// The line it answers.
    pub reply_to: Option<String>,
    /// When it was taken back.
    pub removed_at: Option<Millis>,
    /// What it said before, oldest first.
    pub edits: Value,
    /// From each reaction to the people who put it on.
    pub reactions: Value,
}

// === impl Ticket ===

impl From<DeskTicket> for Ticket {
    fn from(row: DeskTicket) -> Self {
        Self {
            tenant: row.tenant,
            ticket: row.ticket,
            status: row.status,
            subject: row.subject,
            priority: row.priority,
            customer: json(&row.customer),
            conversation: row.conversation,
            queue: row.queue.as_deref().map_or(Value::Null, json),
            assignee: row.assignee.as_deref().map_or(Value::Null, json),
            tags: json(&row.tags),
            fields: json(&row.fields),
            lines: row.lines,
            opened_at: row.opened_at,
            last_at: row.last_at,
        }
    }
}

// === impl Line ===

impl From<DeskLine> for Line {
    fn from(row: DeskLine) -> Self {
        Self {
            line: row.line,
            author: json(&row.author),
            sent_at: row.sent_at,
            internal: row.internal,
            text: words(&row.body),
            body: json(&row.body),
            reply_to: row.reply_to,
            removed_at: row.removed_at,
            edits: json(&row.edits),
            reactions: json(&row.reactions),
        }
    }
}

/// The words of a line's body.
pub(in crate::admin) fn words(body: &str) -> Option<String> {
    match serde_json::from_str(body).ok()? {
        Body::Text(text) => Some(text.plain),
        Body::File(file) => Some(format!("[{}]", file.file_name)),
        Body::Place(place) => {
            Some(place.label.unwrap_or_else(|| format!("{}, {}", place.latitude, place.longitude)))
        }
        Body::Event(remark) => Some(remark),
    }
}

/// JSON text as a value; what is none, as text.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
