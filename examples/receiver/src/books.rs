//! Tickets and messages, and every effect ever done: in memory, and as one line each in a log that outlives the process.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What happened so far.
#[derive(Default)]
pub struct Books {
    tickets: BTreeMap<String, Ticket>,
    /// What was answered, by idempotency key.
    answers: HashMap<String, Value>,
    effects: u64,
    log: Option<File>,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ticket {
    /// Ours.
    pub id: String,
    /// The draft that opened it.
    pub opened: Value,
    /// Everything that came for it, in order, as it came: `{"id", "type", "data"}`.
    pub effects: Vec<Value>,
}

/// One line of the log.
#[derive(Serialize, Deserialize)]
struct Line {
    envelope: Value,
    answer: Value,
}

/// What an envelope cannot be done for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    NoSuchTicket,
    NoEnvelope,
    Unwritten,
}

// === impl Books ===

impl Books {
    /// Books that are kept in `path`, with all that it says already. A line that a crash cut short is dropped: it was
    /// never answered.
    ///
    /// # Errors
    /// When the file can be neither read nor written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut books = Self::default();
        let mut whole = 0_u64;
        if path.exists() {
            let mut lines = BufReader::new(File::open(path)?);
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 && line.ends_with('\n') {
                let Ok(Line { envelope, answer }) = serde_json::from_str(&line) else { break };
                books.enter(&envelope, &answer);
                whole += line.len() as u64;
                line.clear();
            }
        }
        let log = OpenOptions::new().create(true).append(true).open(path)?;
        log.set_len(whole)?;
        books.log = Some(log);
        Ok(books)
    }

    /// The tickets, by identifier.
    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.values()
    }

    /// One ticket.
    #[must_use]
    pub fn ticket(&self, id: &str) -> Option<&Ticket> {
        self.tickets.get(id)
    }

    /// How many effects were done.
    #[must_use]
    pub fn effects(&self) -> u64 {
        self.effects
    }

    /// What was answered under this key before.
    #[must_use]
    pub fn answered(&self, key: &str) -> Option<&Value> {
        self.answers.get(key)
    }

    /// Does what `envelope` says, and answers the identifiers. It is in the log before this returns.
    pub(crate) fn take(&mut self, envelope: &Value) -> Result<Value, Undone> {
        let kind = envelope.get("type").and_then(Value::as_str).ok_or(Undone::NoEnvelope)?;
        let number = self.effects + 1;
        let answer = match kind {
            "contact.upsert" => json!({ "id": format!("C{number}") }),
            "ticket.open" => json!({ "id": format!("T{number}"), "url": format!("/tickets/T{number}") }),
            "file.upload" => json!({ "id": format!("F{number}") }),
            "ping" | "signal" => return Ok(json!({ "version": env!("CARGO_PKG_VERSION") })),
            _ => json!({ "id": format!("M{number}") }),
        };
        if ticket_of(envelope).is_some_and(|ticket| !self.tickets.contains_key(ticket)) {
            return Err(Undone::NoSuchTicket);
        }
        if let Some(log) = &mut self.log {
            let line = Line { envelope: envelope.clone(), answer: answer.clone() };
            let mut line = serde_json::to_vec(&line).map_err(|_| Undone::NoEnvelope)?;
            line.push(b'\n');
            log.write_all(&line).map_err(|_| Undone::Unwritten)?;
        }
        self.enter(envelope, &answer);
        Ok(answer)
    }

    fn enter(&mut self, envelope: &Value, answer: &Value) {
        self.effects += 1;
        if let Some(key) = envelope.get("id").and_then(Value::as_str) {
            self.answers.insert(key.to_owned(), answer.clone());
        }
        let data = envelope.get("data").cloned().unwrap_or_default();
        if envelope.get("type").and_then(Value::as_str) == Some("ticket.open") {
            let id = answer.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.tickets.insert(id.clone(), Ticket { id, opened: data, effects: Vec::new() });
        } else if let Some(ticket) = ticket_of(envelope).and_then(|id| self.tickets.get_mut(id)) {
            let field = |value: Option<&Value>| value.cloned().unwrap_or_default();
            let (id, kind) = (field(answer.get("id")), field(envelope.get("type")));
            ticket
                .effects
                .push(json!({ "id": id, "key": field(envelope.get("id")), "type": kind, "data": data }));
        }
    }
}

fn ticket_of(envelope: &Value) -> Option<&str> {
    envelope.pointer("/data/ticket").and_then(Value::as_str)
}
