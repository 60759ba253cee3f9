//! The trace: what each step was asked and what it answered, kept with the commit that followed from it, so that
//! anyone may ask why.

use std::cell::RefCell;

use patchbay_types::Millis;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;

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
    /// What the plugin asked of the host meanwhile, in order: all that a replay has to answer again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<HostCall>,
}

/// One thing that a plugin asked of the host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostCall {
    /// Interface and function, such as `http.send`.
    pub function: String,
    /// The arguments, as a JSON array.
    pub input: String,
    /// What was answered, as JSON.
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
    /// A poll that brought entries, by its number. It is never set aside.
    Poll(i64),
    /// A transaction that could not be read, by the number of its parked row.
    Transaction(i64),
}

/// A trace as it is stored: MessagePack, in which the steps' JSON stands unescaped, compressed with LZ4, because what one
/// step answers the next is asked. It is made by whoever asks the writer, so that the writer has no part in the cost.
#[derive(Debug, Default)]
pub(crate) struct Packed(Vec<u8>);

/// Space to pack in, kept by each thread: every event is packed twice, and to clear new space costs as much as packing.
#[derive(Debug, Default)]
struct Scratch {
    plain: Vec<u8>,
    packed: Vec<u8>,
}

/// More than this is given back.
const KEPT: usize = 256 << 10;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

// === impl Packed ===

impl Packed {
    /// Packs a trace.
    pub(crate) fn of(trace: &[Step]) -> Self {
        if trace.is_empty() {
            return Self::default();
        }
        SCRATCH.with_borrow_mut(|Scratch { plain, packed }| {
            plain.clear();
            // A step is text and numbers alone, which always serialise.
            let _ = rmp_serde::encode::write_named(plain, trace);
            packed.resize(lz4_flex::block::get_maximum_output_size(plain.len()), 0);
            // It fits whatever is compressed.
            let length = lz4_flex::block::compress_into(plain, packed).unwrap_or(0);
            let size = u32::try_from(plain.len()).unwrap_or(u32::MAX).to_le_bytes();
            let bytes = [&size, packed.get(..length).unwrap_or_default()].concat();
            if plain.capacity() > KEPT {
                (*plain, *packed) = (Vec::new(), Vec::new());
            }
            Self(bytes)
        })
    }

    /// Empty where there was no step.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what [`Self::of`] made.
    pub(crate) fn read(bytes: &[u8]) -> Result<Trace, StorageError> {
        let unreadable = || StorageError::Unreadable("a trace".to_owned());
        let size = bytes.first_chunk().map_or(0, |size| u32::from_le_bytes(*size)) as usize;
        // LZ4 makes nothing more than 255 times as small: a damaged row must not ask for more memory than that.
        if size / 255 > bytes.len() {
            return Err(unreadable());
        }
        let packed = lz4_flex::decompress_size_prepended(bytes).map_err(|_| unreadable())?;
        rmp_serde::from_slice(&packed).map_err(|_| unreadable())
    }
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
            Self::Poll(id) => ("poll", id),
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
            "poll" => Self::Poll(id),
            "transaction" => Self::Transaction(id),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_back_and_a_damaged_one_is_refused() {
        let trace = vec![Step { name: "router.decide".into(), input: "é".repeat(1000), ..Step::default() }];
        let packed = Packed::of(&trace);
        assert!(packed.bytes().len() < 200);
        assert_eq!(Packed::read(packed.bytes()).unwrap(), trace);
        assert!(Packed::read(&[0xff; 40]).is_err());
        assert!(Packed::read(&[]).is_err());
    }
}
