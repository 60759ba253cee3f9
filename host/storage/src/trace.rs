//! The trace: what each step was asked and what it answered, kept with the commit that followed from it, so that
//! anyone may ask why.

use patchbay_types::Millis;
use serde::{Deserialize, Serialize};

/// One step of an event's way: a plugin's call, or something that the host did itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// Such as `mapper.from-matrix`, `router.decide`, `adapter.append`.
    pub name: String,
    /// The slot that was called: `mapper`, `router`, `adapters.desk`; empty where the host itself acted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub slot: String,
    /// The component's digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The digest of the settings it was prepared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// The tenant's generation.
    #[serde(default)]
    pub generation: i64,
    /// When the step began.
    pub at: Millis,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// `ok`, or a word for what went wrong.
    pub outcome: String,
    /// What went in, as JSON.
    pub input: String,
    /// What came out, as JSON, or the fault's text.
    pub answer: String,
}

/// The steps that led to one commit, in order.
pub type Trace = Vec<Step>;

/// A trace as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredTrace {
    /// What it belongs to.
    pub subject: Subject,
    /// When it was stored.
    pub at: Millis,
    /// The steps, in order.
    pub steps: Trace,
}

/// What a trace or a parked row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Subject {
    /// An event of the inbox, by its number.
    Inbox(i64),
    /// A delivery, by its number.
    Delivery(i64),
    /// A Matrix action, by its number.
    Action(i64),
    /// A webhook, by its number.
    Hook(i64),
    /// An entry of a CRM's news, by its number.
    Entry(i64),
    /// A transaction that could not be read, by the number of its parked row.
    Transaction(i64),
}

// === impl Subject ===

impl Subject {
    /// The word and the number that the database holds.
    pub(crate) fn columns(self) -> (&'static str, i64) {
        match self {
            Self::Inbox(id) => ("inbox", id),
            Self::Delivery(id) => ("delivery", id),
            Self::Action(id) => ("action", id),
            Self::Hook(id) => ("hook", id),
            Self::Entry(id) => ("entry", id),
            Self::Transaction(id) => ("transaction", id),
        }
    }

    /// The reverse of [`Self::columns`].
    pub(crate) fn from_columns(kind: &str, id: i64) -> Option<Self> {
        Some(match kind {
            "inbox" => Self::Inbox(id),
            "delivery" => Self::Delivery(id),
            "action" => Self::Action(id),
            "hook" => Self::Hook(id),
            "entry" => Self::Entry(id),
            "transaction" => Self::Transaction(id),
            _ => return None,
        })
    }
}
