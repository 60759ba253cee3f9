//! A CRM's news: webhooks, what was read out of them, and what became of it.

use patchbay_types::Millis;
use rusqlite::{OptionalExtension as _, params};

use crate::{
    error::StorageError,
    inbox::InboxState,
    news::{EntryOutcome, EntryResult, HookOutcome, HookWanted, NewEntry, NewHook, Received},
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

impl<'a> Commit<'a> {
    pub(super) fn hook(&mut self, hook: &'a NewHook, trace: &Packed) -> Result<Reply, StorageError> {
        const HOOK: &str = "INSERT INTO hooks (tenant, adapter, hook_key, at, body) VALUES (?, ?, ?, ?, ?) \
                            ON CONFLICT (hook_key, adapter, tenant) DO NOTHING";
        let (adapter, tenant) = (hook.adapter.as_str(), hook.tenant.as_str());
        const UNASKED: &str = "INSERT INTO hooks_unasked (id, delivery) VALUES (?, ?)";
        let written = self.run(HOOK, params![tenant, adapter, hook.key, hook.at, hook.body])?;
        if written > 0 {
            let id = self.connection.last_insert_rowid();
            if let Some(unasked) = &hook.unasked {
                self.run(UNASKED, params![id, unasked.delivery])?;
            }
            self.trace(Subject::Hook(id), Some(&hook.tenant), trace, hook.at)?;
            self.desk(&hook.desk)?;
        }
        Ok(Reply::of(written))
    }

    /// A webhook that its adapter wants takes the key that its sender gave it; where another one has that key already,
    /// it is the same one, come twice, and done.
    pub(super) fn hook_wanted(&mut self, wanted: &HookWanted, trace: &Packed) -> Result<Reply, StorageError> {
        const ASKED: &str = "DELETE FROM hooks_unasked WHERE id = ?1 \
                             AND EXISTS (SELECT 1 FROM hooks h WHERE h.id = ?1 AND h.state = 0) RETURNING delivery";
        const KEY: &str = "UPDATE OR IGNORE hooks SET hook_key = coalesce(?2, hook_key) WHERE id = ?1";
        const TWICE: &str = "UPDATE hooks SET state = 1 WHERE id = ?";
        let asked = self.connection.prepare_cached(ASKED)?.query_row([wanted.id], |row| row.get(0));
        let asked: Option<Option<String>> = asked.optional()?;
        let Some(delivery) = asked else { return Ok(Reply::SKIPPED) };
        self.trace(Subject::Hook(wanted.id), Some(&wanted.tenant), trace, wanted.at)?;
        if self.run(KEY, params![wanted.id, delivery])? > 0 {
            return Ok(Reply::WRITTEN);
        }
        self.run(TWICE, [wanted.id])?;
        Ok(Reply::SKIPPED)
    }

    /// A webhook that was read before changes nothing.
    pub(super) fn receive(&mut self, received: &'a Received, trace: &Packed) -> Result<Reply, StorageError> {
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
        let hook = received.hook.as_ref().map(HookOutcome::id);
        let reply = self.entries((tenant, adapter, at), &received.entries, (hook, None))?;
        self.kv(&received.kv);
        Ok(reply)
    }

    /// Entries that are new wait to be shown; those known already are dropped.
    pub(super) fn entries(
        &self,
        (tenant, adapter, at): (&str, &str, Millis),
        entries: &[NewEntry],
        (hook, poll): (Option<i64>, Option<i64>),
    ) -> Result<Reply, StorageError> {
        const ENTRY: &str = "INSERT INTO entries (tenant, adapter, entry_id, ticket, not_before, at, body, hook, poll) \
                             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry_id, adapter, tenant) DO NOTHING";
        let mut reply = Reply::default();
        for entry in entries {
            let (id, ticket) = (&entry.entry_id, entry.ticket.as_str());
            let row = params![tenant, adapter, id, ticket, entry.not_before, at, entry.body, hook, poll];
            if self.run(ENTRY, row)? > 0 {
                reply.written += 1;
            } else {
                reply.skipped += 1;
            }
        }
        Ok(reply)
    }

    /// Answers whether the webhook was still pending.
    fn hook_outcome(&self, hook: &HookOutcome) -> Result<bool, StorageError> {
        const STATE: &str = "UPDATE hooks SET state = ?2, not_before = ?3, attempt = attempt + 1 \
                             WHERE id = ?1 AND state = 0";
        const SETTLED: &str = "DELETE FROM hooks_unasked WHERE id = ?";
        let (state, not_before) = match hook {
            HookOutcome::Done(_) => (InboxState::Done, 0),
            HookOutcome::Retry { at, .. } => (InboxState::Pending, *at),
            HookOutcome::Parked(..) => (InboxState::Parked, 0),
        };
        let written = self.run(STATE, params![hook.id(), state as u8, not_before])? > 0;
        if written && state == InboxState::Done {
            self.run(SETTLED, [hook.id()])?;
            self.settled(Subject::Hook(hook.id()))?;
        }
        Ok(written)
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
