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
    seq: &'a mut i64,
    /// The last write of each key wins, whichever member it comes from.
    kv: HashMap<(String, String, String), Option<Vec<u8>>>,
}

// === impl Plan ===

impl<'a> Plan<'a> {
    pub(crate) fn new(guard: Guard, seq: &'a mut i64) -> Self {
        Self { guard, batch: Batch::default(), seq, kv: HashMap::new() }
    }

    /// Adds a member, and answers what is to be told once it is committed.
    pub(crate) fn add(&mut self, write: &Write) -> Reply {
        match write {
            Write::Accept(transaction) => self.accept(transaction),
            Write::Decide(decision) => self.decide(decision),
            Write::Deliver(result) => self.deliver(result),
            Write::Act(result) => self.act(result),
            Write::Hook(hook) => self.hook(hook),
            Write::Receive(received) => self.receive(received),
            Write::Enter(result) => self.enter(result),
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

    pub(crate) fn finish(mut self) -> Batch {
        for ((tenant, adapter, key), value) in self.kv.drain() {
            if let Some(value) = value {
                let rows = self.batch.rows(Target::Kv);
                let (at, length) = rows.blob(&value);
                rows.push(&(tenant, adapter, key, at, length));
            } else {
                const FORGET: &str = "DELETE FROM kv WHERE tenant = ? AND adapter = ? AND key = ?";
                self.batch.statement(Statement::new(FORGET, [tenant.into(), adapter.into(), key.into()]));
            }
        }
        self.batch
    }

    fn kv(&mut self, writes: &[KvWrite]) {
        for write in writes {
            let key = (write.tenant.to_string(), write.adapter.to_string(), write.key.clone());
            self.kv.insert(key, write.value.clone());
        }
    }
}
