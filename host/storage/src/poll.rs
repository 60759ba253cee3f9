//! What a CRM answered when it was asked what is new: its entries and how far it was asked are one commit, so that after
//! a crash it is asked for what is missing, and for nothing twice that could not be told twice.

use patchbay_types::{AdapterName, Millis, TenantId};
use serde::Serialize;

use crate::{kv::KvWrite, news::NewEntry, trace::Trace};

/// One page of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that asked.
    pub adapter: AdapterName,
    /// When.
    pub at: Millis,
    /// Where the next poll goes on.
    pub cursor: String,
    /// What it told. Those known already are dropped.
    pub entries: Vec<NewEntry>,
    /// The plugin's own small state.
    pub kv: Vec<KvWrite>,
    /// How it came to this; kept if any entry is new.
    pub trace: Trace,
}

/// How far an adapter's CRM was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// In the adapter's own words.
    pub cursor: String,
    /// When the CRM last answered.
    pub at: Millis,
}

/// A poll that brought something, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownPoll {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that asked.
    pub adapter: AdapterName,
    /// When.
    pub at: Millis,
}
