//! From members to rows: what each kind of member writes. A member begins with the one statement that says whether it
//! still has anything to do: its row is still pending, its key is new. Nobody else writes, so that holds until the commit.

mod accept;
mod act;
mod decide;
mod deliver;
mod desk;
mod desk_change;
mod failure;
mod news;
mod poll;
mod shared;

use std::collections::HashMap;

use rusqlite::{Connection, Params, params};

use crate::{
    decision::{Conversation, Room},
    delivery::Ticket,
    error::StorageError,
    inbox::InboxEvent,
    kv::KvWrite,
    notice::Notice,
    writer::{
        member::{Reply, Write},
        statement::Statement,
    },
};

/// One transaction on its way to the commit.
#[derive(Debug)]
pub(crate) struct Commit<'a> {
    connection: &'a Connection,
    /// The highest number that an event of the inbox has.
    seq: i64,
    /// Events that are new and pending.
    accepted: Vec<InboxEvent>,
    /// Of what is written over, the last in the group is enough.
    rooms: HashMap<(&'a str, &'a str), &'a Room>,
    conversations: HashMap<(&'a str, &'a str), &'a Conversation>,
    tickets: HashMap<(&'a str, &'a str, &'a str, &'a str), Ticket>,
    kv: HashMap<(&'a str, &'a str, &'a str), Option<&'a [u8]>>,
    /// Desk tickets in which something happened, and when.
    touched: HashMap<(&'a str, i64), u64>,
}

/// What stands in the database once it is committed.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The highest number that an event of the inbox has.
    pub(crate) seq: i64,
    /// Events that are new and pending.
    pub(crate) accepted: Vec<InboxEvent>,
}

// === impl Commit ===

impl<'a> Commit<'a> {
    /// Begins a transaction. `seq` is the highest number that an event of the inbox has.
    pub(crate) fn begin(connection: &'a Connection, seq: i64) -> Result<Self, StorageError> {
        let commit = Self {
            connection,
            seq,
            accepted: Vec::new(),
            rooms: HashMap::new(),
            conversations: HashMap::new(),
            tickets: HashMap::new(),
            kv: HashMap::new(),
            touched: HashMap::new(),
        };
        if !connection.is_autocommit() {
            // A rollback failed, for want of memory say: no member is to blame.
            commit.run("ROLLBACK", []).map_err(StorageError::not_now)?;
        }
        commit.run("BEGIN IMMEDIATE", []).map_err(StorageError::not_now)?;
        Ok(commit)
    }

    /// Writes a member, and answers what is to be told once it is committed.
    pub(crate) fn add(&mut self, write: &'a Write) -> Result<Reply, StorageError> {
        match write {
            Write::Accept(transaction) => self.accept(transaction),
            Write::Decide(decision, trace) => self.decide(decision, trace),
            Write::Deliver(result, trace) => self.deliver(result, trace),
            Write::Act(result, trace) => self.act(result, trace),
            Write::Hook(hook, trace) => self.hook(hook, trace),
            Write::HookWanted(wanted, trace) => self.hook_wanted(wanted, trace),
            Write::Receive(received, trace) => self.receive(received, trace),
            Write::Poll(polled, trace) => self.poll(polled, trace),
            Write::Enter(result, trace) => self.enter(result, trace),
            Write::Kv(writes) => {
                self.kv(writes);
                Ok(Reply::WRITTEN)
            }
            Write::Notice(notice) => self.notice(notice),
            Write::Tell(telling, trace) => self.tell(telling, trace),
            Write::Statements(statements) => {
                statements.iter().try_for_each(|statement| self.statement(statement))?;
                Ok(Reply::WRITTEN)
            }
        }
    }

    /// Writes what was put off, and commits.
    pub(crate) fn finish(mut self) -> Result<Committed, StorageError> {
        self.overwritten()?;
        self.run("COMMIT", [])?;
        Ok(Committed { seq: self.seq, accepted: std::mem::take(&mut self.accepted) })
    }

    /// Runs one statement, which is compiled once; answers how many rows it changed.
    fn run(&self, sql: &'static str, values: impl Params) -> Result<usize, StorageError> {
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    fn statement(&self, statement: &Statement) -> Result<(), StorageError> {
        self.run(statement.sql, rusqlite::params_from_iter(&statement.values)).map(drop)
    }

    fn kv(&mut self, writes: &'a [KvWrite]) {
        for write in writes {
            let key = (write.tenant.as_str(), write.adapter.as_str(), write.key.as_str());
            self.kv.insert(key, write.value.as_deref());
        }
    }

    fn notice(&self, notice: &Notice) -> Result<Reply, StorageError> {
        const SAY: &str = "INSERT INTO notices (kind, key, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        Ok(Reply::of(self.run(SAY, params![notice.kind, notice.key, notice.at])?))
    }
}

impl Drop for Commit<'_> {
    /// What was not committed leaves no trace.
    fn drop(&mut self) {
        // Some errors have rolled it back already, and after a commit there is nothing left to roll back.
        if !self.connection.is_autocommit() {
            let _ = self.run("ROLLBACK", []);
        }
    }
}
