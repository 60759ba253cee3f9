//! The two sides' logs, one JSON object a line: what a sender sent and was answered, and what stands at a target.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::Context;
use patchbay_types::Millis;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::traffic::{Due, Kind};

/// Texts of replies that the torture gives begin so; what else the host sends is not judged.
pub const REPLY_MARK: &str = "reply ";

/// The sender's side of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentEvent {
    /// Its ID.
    pub event_id: String,
    /// Its room.
    pub room: String,
    /// The room's tenant.
    pub tenant: String,
    /// Counts up in each room.
    pub n: u64,
    /// What it is.
    pub kind: Kind,
    /// What the target owes for it, once answered.
    pub due: Due,
    /// The transaction that carried it; transaction IDs repeat.
    pub txn: u64,
    /// When it was ready to be sent.
    pub sent_at: Millis,
    /// When the target took responsibility; nothing if it never did.
    pub answered_at: Option<Millis>,
}

/// One line of the embedded desk, in the order in which lines were committed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DeskLine {
    /// Counts up.
    pub id: u64,
    /// The ticket that it stands in.
    #[serde(default)]
    pub ticket: String,
    /// The room that it came from.
    #[serde(default)]
    pub room: Option<String>,
    /// The event that it was made of; nothing for what was not said in Matrix.
    #[serde(default)]
    pub event_id: Option<String>,
    /// Its words.
    #[serde(default)]
    pub text: Option<String>,
    /// What the plugins noted about it.
    #[serde(default)]
    pub attributes: serde_json::Value,
    /// When it was written.
    #[serde(default)]
    pub at: Millis,
}

/// An agent's reply that the host accepted, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentReply {
    /// Its words, unlike any other reply's.
    pub text: String,
    /// The room in which it has to appear.
    pub room: String,
    /// Counts up in each room.
    pub n: u64,
    /// When the host accepted it; nothing if it never answered.
    pub answered_at: Option<Millis>,
}

/// What the homeserver made of one call of the application service: an event that people see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixSend {
    /// The new event.
    pub event_id: String,
    /// Where.
    pub room: String,
    /// In whose name.
    pub sender: String,
    /// Of what type.
    pub event_type: String,
    /// Its `body`, where it has one.
    pub text: Option<String>,
    /// When.
    pub at: Millis,
}

/// Writes one object a line.
///
/// # Errors
/// When the file cannot be written.
pub fn write<T: Serialize>(path: &Path, entries: &[T]) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for entry in entries {
        serde_json::to_writer(&mut out, entry)?;
        out.write_all(b"\n")?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}

/// Reads one object a line; an empty line is skipped.
///
/// # Errors
/// When the file cannot be read, or with the number of a line that is not as expected.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries = Vec::new();
    for (n, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            let place = || format!("{}, line {}", path.display(), n + 1);
            entries.push(serde_json::from_str(&line).with_context(place)?);
        }
    }
    Ok(entries)
}
