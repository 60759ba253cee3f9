//! From members to rows: what each kind of member adds to the batch, once the guard lets it.

mod accept;
mod act;
mod decide;
mod deliver;
mod desk;
mod desk_change;
mod news;
mod shared;

use std::collections::HashMap;

use crate::{
    decision::{Conversation, Room},
    delivery::Ticket,
    kv::KvWrite,
    writer::{
        batch::Batch,
        guard::{Guard, Keys, scoped_key},
        member::{Reply, Write},
        statement::Statement,
        targets::Target,
    },
};

/// A group on its way into a batch.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    guard: Guard,
    batch: Batch,
    /// The highest number that an event of the inbox has.
    seq: i64,
    /// Of what is written over, the last in the group is enough.
    rooms: HashMap<(&'a str, &'a str), &'a Room>,
    conversations: HashMap<(&'a str, &'a str), &'a Conversation>,
    tickets: HashMap<(&'a str, &'a str, &'a str, &'a str), &'a Ticket>,
    kv: HashMap<(&'a str, &'a str, &'a str), Option<&'a [u8]>>,
}

// === impl Plan ===

impl<'a> Plan<'a> {
    pub(crate) fn new(guard: Guard, seq: i64) -> Self {
        Self {
            guard,
            batch: Batch::default(),
            seq,
            rooms: HashMap::new(),
            conversations: HashMap::new(),
            tickets: HashMap::new(),
            kv: HashMap::new(),
        }
    }

    /// Adds a member, and answers what is to be told once it is committed.
    pub(crate) fn add(&mut self, write: &'a Write) -> Reply {
        match write {
            Write::Accept(transaction) => self.accept(transaction),
            Write::Decide(decision, trace) => self.decide(decision, trace),
            Write::Deliver(result, trace) => self.deliver(result, trace),
            Write::Act(result, trace) => self.act(result, trace),
            Write::Hook(hook) => self.hook(hook),
            Write::Receive(received, trace) => self.receive(received, trace),
            Write::Enter(result, trace) => self.enter(result, trace),
            Write::Kv(writes) => {
                self.kv(writes);
                Reply::WRITTEN
            }
            Write::Notice(notice) => {
                if !self.guard.claim(Keys::Notices, scoped_key(&notice.key, &notice.kind, "")) {
                    return Reply::SKIPPED;
                }
                self.batch.rows(Target::Notice).push(&(&notice.kind, &notice.key, notice.at));
                Reply::WRITTEN
            }
            Write::Statements(statements) => {
                statements.iter().for_each(|statement| self.batch.statement(statement.clone()));
                Reply::WRITTEN
            }
        }
    }

    /// The batch, and the highest number that an event of the inbox has once it is committed.
    pub(crate) fn finish(mut self) -> (Batch, i64) {
        self.overwritten();
        for ((tenant, adapter, key), value) in self.kv.drain() {
            if let Some(value) = value {
                let rows = self.batch.rows(Target::Kv);
                let (at, length) = rows.blob(value);
                rows.push(&(tenant, adapter, key, at, length));
            } else {
                const FORGET: &str = "DELETE FROM kv WHERE tenant = ? AND adapter = ? AND key = ?";
                self.batch.statement(Statement::new(FORGET, [tenant.into(), adapter.into(), key.into()]));
            }
        }
        (self.batch, self.seq)
    }

    fn kv(&mut self, writes: &'a [KvWrite]) {
        for write in writes {
            let key = (write.tenant.as_str(), write.adapter.as_str(), write.key.as_str());
            self.kv.insert(key, write.value.as_deref());
        }
    }
}
