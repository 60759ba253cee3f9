//! A CRM's news: webhooks, what was read out of them, and what became of it.

use crate::{
    inbox::InboxState,
    news::{EntryOutcome, EntryResult, HookOutcome, NewHook, Received},
    trace::{Packed, Subject},
    writer::{
        apply::Plan,
        guard::{Keys, Queue, scoped_key},
        member::Reply,
        targets::Target,
    },
};

impl<'a> Plan<'a> {
    pub(super) fn hook(&mut self, hook: &NewHook) -> Reply {
        let (adapter, tenant) = (hook.adapter.as_str(), hook.tenant.as_str());
        if !self.guard.claim(Keys::Hooks, scoped_key(&hook.key, adapter, tenant)) {
            return Reply::SKIPPED;
        }
        let rows = self.batch.rows(Target::Hook);
        let (at, length) = rows.blob(&hook.body);
        rows.push(&(tenant, adapter, &hook.key, hook.at, at, length));
        self.desk(&hook.desk);
        Reply::WRITTEN
    }

    /// A webhook that was read before changes nothing; what a poll brought is new by its entries alone.
    pub(super) fn receive(&mut self, received: &'a Received, trace: &Packed) -> Reply {
        let (adapter, tenant, at) = (received.adapter.as_str(), received.tenant.as_str(), received.at);
        if let Some(hook) = &received.hook {
            let id = hook.id();
            if !self.guard.take(Queue::Hooks, id) {
                return Reply { written: 0, skipped: received.entries.len() as u64 };
            }
            let (state, not_before) = match hook {
                HookOutcome::Done(_) => (InboxState::Done, 0),
                HookOutcome::Retry { at, .. } => (InboxState::Pending, *at),
                HookOutcome::Parked(_, park) => {
                    self.park(Subject::Hook(id), Some(&received.tenant), None, park, at);
                    (InboxState::Parked, 0)
                }
            };
            self.batch.rows(Target::HookState).push(&(id, state as u8, not_before));
            self.trace(Subject::Hook(id), Some(&received.tenant), trace, at);
        }
        let mut reply = Reply::default();
        for entry in &received.entries {
            if !self.guard.claim(Keys::Entries, scoped_key(&entry.entry_id, adapter, tenant)) {
                reply.skipped += 1;
                continue;
            }
            reply.written += 1;
            let rows = self.batch.rows(Target::Entry);
            let (start, length) = rows.blob(entry.body.as_bytes());
            rows.push(&(
                tenant,
                adapter,
                &entry.entry_id,
                &entry.ticket,
                entry.not_before,
                at,
                start,
                length,
            ));
        }
        self.kv(&received.kv);
        reply
    }

    pub(super) fn enter(&mut self, result: &'a EntryResult, trace: &Packed) -> Reply {
        let (id, at, tenant) = (result.id, result.at, Some(&result.tenant));
        if !self.guard.take(Queue::Entries, id) {
            return Reply::SKIPPED;
        }
        let (state, not_before, error) = match &result.outcome {
            EntryOutcome::Done => (InboxState::Done, 0, None),
            EntryOutcome::Ignored => (InboxState::Ignored, 0, None),
            EntryOutcome::Retry { at, error } => (InboxState::Pending, *at, Some(error)),
            EntryOutcome::Parked(park) => {
                self.park(Subject::Entry(id), tenant, None, park, at);
                (InboxState::Parked, 0, Some(&park.reason))
            }
        };
        self.batch.rows(Target::EntryState).push(&(id, state as u8, not_before, error));
        if let Some(room) = &result.room {
            self.room(room);
        }
        if let Some(conversation) = &result.conversation {
            self.conversation(conversation);
        }
        self.tickets(&result.tickets);
        self.persons(&result.persons);
        self.actions(&result.actions, at);
        self.deliveries(&result.deliveries, None, at);
        self.trace(Subject::Entry(id), tenant, trace, at);
        Reply::WRITTEN
    }
}
