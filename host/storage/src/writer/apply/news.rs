//! A CRM's news: webhooks, what was read out of them, and what became of it.

use rusqlite::params;

use crate::{
    error::StorageError,
    inbox::InboxState,
    news::{EntryOutcome, EntryResult, HookOutcome, NewHook, Received},
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

impl<'a> Commit<'a> {
    pub(super) fn hook(&mut self, hook: &'a NewHook) -> Result<Reply, StorageError> {
        const HOOK: &str = "INSERT INTO hooks (tenant, adapter, hook_key, at, body) VALUES (?, ?, ?, ?, ?) \
                            ON CONFLICT (hook_key, adapter, tenant) DO NOTHING";
        let (adapter, tenant) = (hook.adapter.as_str(), hook.tenant.as_str());
        let written = self.run(HOOK, params![tenant, adapter, hook.key, hook.at, hook.body])?;
        if written > 0 {
            self.desk(&hook.desk)?;
        }
        Ok(Reply::of(written))
    }

    /// A webhook that was read before changes nothing; what a poll brought is new by its entries alone.
    pub(super) fn receive(&mut self, received: &'a Received, trace: &Packed) -> Result<Reply, StorageError> {
        const ENTRY: &str = "INSERT INTO entries (tenant, adapter, entry_id, ticket, not_before, at, body) \
                             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry_id, adapter, tenant) DO NOTHING";
        let (adapter, tenant, at) = (received.adapter.as_str(), received.tenant.as_str(), received.at);
        if let Some(hook) = &received.hook {
            let id = hook.id();
            if !self.hook_outcome(hook)? {
                return Ok(Reply { written: 0, skipped: received.entries.len() as u64 });
            }
            if let HookOutcome::Parked(_, park) = hook {
                self.park(Subject::Hook(id), Some(&received.tenant), None, park, at)?;
            }
            self.trace(Subject::Hook(id), Some(&received.tenant), trace, at)?;
        }
        let mut reply = Reply::default();
        for entry in &received.entries {
            let ticket = entry.ticket.as_str();
            let row = params![tenant, adapter, entry.entry_id, ticket, entry.not_before, at, entry.body];
            if self.run(ENTRY, row)? > 0 {
                reply.written += 1;
            } else {
                reply.skipped += 1;
            }
        }
        self.kv(&received.kv);
        Ok(reply)
    }

    /// Answers whether the webhook was still pending.
    fn hook_outcome(&self, hook: &HookOutcome) -> Result<bool, StorageError> {
        const STATE: &str = "UPDATE hooks SET state = ?2, not_before = ?3, attempt = attempt + 1 \
                             WHERE id = ?1 AND state = 0";
        let (state, not_before) = match hook {
            HookOutcome::Done(_) => (InboxState::Done, 0),
            HookOutcome::Retry { at, .. } => (InboxState::Pending, *at),
            HookOutcome::Parked(..) => (InboxState::Parked, 0),
        };
        Ok(self.run(STATE, params![hook.id(), state as u8, not_before])? > 0)
    }

    pub(super) fn enter(&mut self, result: &'a EntryResult, trace: &Packed) -> Result<Reply, StorageError> {
        const STATE: &str = "UPDATE entries SET state = ?2, not_before = ?3, last_error = ?4, \
                             attempt = attempt + 1 WHERE id = ?1 AND state = 0";
        let (id, at, tenant) = (result.id, result.at, Some(&result.tenant));
        let (state, not_before, error) = match &result.outcome {
            EntryOutcome::Done => (InboxState::Done, 0, None),
            EntryOutcome::Ignored => (InboxState::Ignored, 0, None),
            EntryOutcome::Retry { at, error } => (InboxState::Pending, *at, Some(error)),
            EntryOutcome::Parked(park) => (InboxState::Parked, 0, Some(&park.reason)),
        };
        if self.run(STATE, params![id, state as u8, not_before, error])? == 0 {
            return Ok(Reply::SKIPPED);
        }
        if let EntryOutcome::Parked(park) = &result.outcome {
            self.park(Subject::Entry(id), tenant, None, park, at)?;
        }
        if let Some(room) = &result.room {
            self.room(room);
        }
        if let Some(conversation) = &result.conversation {
            self.conversation(conversation);
        }
        self.tickets(&result.tickets)?;
        self.persons(&result.persons)?;
        self.actions(&result.actions, at)?;
        self.deliveries(&result.deliveries, None, at)?;
        self.trace(Subject::Entry(id), tenant, trace, at)?;
        Ok(Reply::WRITTEN)
    }
}
