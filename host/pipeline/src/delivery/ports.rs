//! What stands behind an adapter's imports for one delivery. Everything that it writes is buffered here, and committed
//! with the receipt or not at all.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use patchbay_plugin::{
    desk::{Body, Line, Unknown},
    ports::{Desk, KeyValue},
    types::{Change, Person, Text},
};
use patchbay_storage::{DeskChange, DeskWrite, KvWrite, Store};
use patchbay_types::{AdapterName, ConversationId, Millis, TenantId};

use crate::{steps, tickets};

/// Bounds of one adapter's small state, and of one call's desk writes.
const KEY: usize = 256;
const VALUE: usize = 64 << 10;
const WRITES: usize = 256;
/// Keys and bytes of all that an adapter keeps for one tenant.
const KEYS: u64 = 10_000;
const BYTES: u64 = 64 << 20;
const DESK_BYTES: usize = 4 << 20;
/// No later time can be stored.
const LATEST: Millis = i64::MAX.cast_unsigned();

/// The adapter's own small state, over what the database holds.
#[derive(Clone)]
pub(crate) struct Kv {
    store: Store,
    tenant: TenantId,
    adapter: AdapterName,
    writes: BTreeMap<String, Option<Vec<u8>>>,
    /// It holds as much as it may.
    full: bool,
}

/// The embedded desk, for the ticket and the lines that one call may touch.
pub(crate) struct DeskBuffer {
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) conversation: ConversationId,
    pub(crate) now: Millis,
    pub(crate) tickets: HashSet<String>,
    pub(crate) lines: HashSet<String>,
    pub(crate) writes: Vec<DeskWrite>,
    /// Bytes of what was written.
    pub(crate) bytes: usize,
}

// === impl Kv ===

impl Kv {
    /// The state of one call; how much there is of it is known as of now.
    pub(crate) async fn new(store: &Store, tenant: TenantId, adapter: AdapterName) -> Self {
        let held = store.kv_held(&tenant, &adapter, KEYS).await;
        // A database that does not answer will not take any writes either.
        let full = held.is_ok_and(|(keys, bytes)| keys >= KEYS || bytes >= BYTES);
        Self { store: store.clone(), tenant, adapter, writes: BTreeMap::new(), full }
    }

    /// What is to be committed.
    pub(crate) fn into_writes(self) -> Vec<KvWrite> {
        let (tenant, adapter) = (self.tenant, self.adapter);
        let write = |(key, value)| KvWrite { tenant: tenant.clone(), adapter: adapter.clone(), key, value };
        self.writes.into_iter().map(write).collect()
    }
}

#[async_trait]
impl KeyValue for Kv {
    async fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        if let Some(written) = self.writes.get(key) {
            return written.clone();
        }
        self.store.kv_get(&self.tenant, &self.adapter, key).await.ok().flatten()
    }

    fn set(&mut self, key: &str, value: Vec<u8>) -> Result<(), String> {
        if key.is_empty() || key.len() > KEY {
            return Err(format!("a key has 1 to {KEY} bytes"));
        }
        if value.len() > VALUE {
            return Err(format!("a value has at most {VALUE} bytes"));
        }
        if self.full {
            return Err(format!("it is full: an adapter keeps at most {KEYS} keys and {} MiB", BYTES >> 20));
        }
        if self.writes.len() >= WRITES && !self.writes.contains_key(key) {
            return Err(format!("one call writes at most {WRITES} keys"));
        }
        self.writes.insert(key.to_owned(), Some(value));
        Ok(())
    }

    fn delete(&mut self, key: &str) {
        if key.len() <= KEY && (self.writes.len() < WRITES || self.writes.contains_key(key)) {
            self.writes.insert(key.to_owned(), None);
        }
    }
}

// === impl DeskBuffer ===

impl DeskBuffer {
    fn is_full(&self) -> bool {
        self.writes.len() >= WRITES || self.bytes > DESK_BYTES
    }

    /// As JSON, and counted.
    fn counted<T: serde::Serialize>(&mut self, value: &T) -> String {
        let json = steps::json(value);
        self.bytes = self.bytes.saturating_add(json.len());
        json
    }

    fn known(&self, ticket: &str, line: Option<&str>) -> Result<(), Unknown> {
        if !self.tickets.contains(ticket) || self.is_full() {
            return Err(Unknown::Ticket(ticket.to_owned()));
        }
        match line {
            Some(line) if !self.lines.contains(line) => Err(Unknown::Line(line.to_owned())),
            _ => Ok(()),
        }
    }
}

impl Desk for DeskBuffer {
    fn create(&mut self, conversation: String, customer: Person) -> String {
        // Whatever the guest says, a ticket belongs to the conversation that the call is about.
        let _ = conversation;
        if self.is_full() {
            return String::new(); // No ticket has this name: whatever is written to it is refused.
        }
        let customer = self.counted(&customer);
        let ticket = self.store.next_desk_ticket(&self.tenant);
        self.tickets.insert(ticket.clone());
        self.writes.push(DeskWrite::Create {
            tenant: self.tenant.clone(),
            ticket: ticket.clone(),
            conversation: self.conversation.clone(),
            customer,
            at: self.now,
        });
        ticket
    }

    fn write(&mut self, ticket: String, line: Line) -> Result<String, Unknown> {
        self.known(&ticket, line.reply_to.as_deref())?;
        let id = self.store.next_desk_line();
        self.lines.insert(id.clone());
        let (author, body) = (self.counted(&line.author), self.counted(&line.body));
        self.writes.push(DeskWrite::Line {
            tenant: self.tenant.clone(),
            ticket,
            line: id.clone(),
            key: line.key,
            author,
            sent_at: line.sent_at.min(LATEST),
            internal: line.internal,
            body,
            reply_to: line.reply_to,
        });
        Ok(id)
    }

    fn rewrite(&mut self, ticket: String, line: String, text: Text) -> Result<(), Unknown> {
        self.known(&ticket, Some(&line))?;
        let body = self.counted(&Body::Text(text));
        self.writes.push(DeskWrite::Rewrite { tenant: self.tenant.clone(), line, body, at: self.now });
        Ok(())
    }

    fn remove(&mut self, ticket: String, line: String) -> Result<(), Unknown> {
        self.known(&ticket, Some(&line))?;
        self.writes.push(DeskWrite::Remove { tenant: self.tenant.clone(), line, at: self.now });
        Ok(())
    }

    fn react(
        &mut self,
        ticket: String,
        line: String,
        key: String,
        by: Person,
        on: bool,
    ) -> Result<(), Unknown> {
        self.known(&ticket, Some(&line))?;
        self.writes.push(DeskWrite::React { tenant: self.tenant.clone(), line, key, by: by.id, on });
        Ok(())
    }

    fn alter(&mut self, ticket: String, change: Change) -> Result<(), Unknown> {
        self.known(&ticket, None)?;
        let change = match change {
            Change::Status(status) => DeskChange::Status(tickets::status_word(status).to_owned()),
            Change::Assignee(who) => DeskChange::Assignee(who.map(|who| steps::json(&who))),
            Change::Queue(queue) => DeskChange::Queue(queue.map(|queue| steps::json(&queue))),
            Change::Priority(priority) => DeskChange::Priority(tickets::priority_word(priority).to_owned()),
            Change::Subject(subject) => DeskChange::Subject(subject),
            Change::Tag(tag) => DeskChange::Tag(tag),
            Change::Untag(tag) => DeskChange::Untag(tag),
            Change::Field(field) => DeskChange::Field(field.key, field.value),
        };
        self.writes.push(DeskWrite::Alter { tenant: self.tenant.clone(), ticket, change, at: self.now });
        Ok(())
    }
}
