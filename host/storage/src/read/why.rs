//! Why: all that is known of one event or one piece of a CRM's news.

use patchbay_types::TenantId;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::{
    action::Action,
    delivery::Delivery,
    error::StorageError,
    inbox::InboxEvent,
    news::{Entry, KnownHook},
    parked::Parked,
    poll::KnownPoll,
    read::Columns,
    store::Store,
    trace::{Packed, StoredTrace, Subject},
};

/// All that is known of one event: how it came in, what each step answered, where it went.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Why {
    /// The event as each homeserver sent it.
    pub events: Vec<InboxEvent>,
    /// The entry, where a CRM told it.
    pub entries: Vec<Entry>,
    /// The webhook that the entry was read out of, or that has this key.
    pub hooks: Vec<KnownHook>,
    /// The poll that the entry was read out of.
    pub polls: Vec<KnownPoll>,
    /// What went to CRMs.
    pub deliveries: Vec<Delivery>,
    /// What went to Matrix because of it, and the action that became this event.
    pub actions: Vec<Action>,
    /// What is or was set aside.
    pub parked: Vec<Parked>,
    /// Each step, in the order of the commits.
    pub traces: Vec<StoredTrace>,
}

// === impl Store ===

impl Store {
    /// Gathers all that is known of an event ID, of the identifier of an entry, or of the key of a webhook. Empty where
    /// nothing is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn why(&self, id: &str) -> Result<Why, StorageError> {
        let mut why = Why::default();
        for seq in self.numbers("SELECT seq FROM inbox WHERE event_key = ? ORDER BY seq", id).await? {
            why.events.extend(self.inbox_event(seq).await?);
            why.deliveries.extend(self.deliveries_of(seq).await?);
        }
        why.entries = self.entries_named(id).await?;
        why.hooks = self.hooks_named(id).await?;
        why.polls = self.polls_of(id).await?;
        let mut tenants: Vec<TenantId> = why.events.iter().filter_map(|event| event.tenant.clone()).collect();
        tenants.extend(why.entries.iter().map(|entry| entry.tenant.clone()));
        tenants.sort();
        tenants.dedup();
        for tenant in &tenants {
            why.actions.extend(self.actions_of(tenant, id).await?);
        }
        why.actions.extend(self.action_of_event(id).await?);
        for subject in why.subjects() {
            why.parked.extend(self.parked_of(subject).await?);
            why.traces.extend(self.traces_of(subject).await?);
        }
        why.traces.sort_by_key(|trace| trace.at);
        Ok(why)
    }

    /// The traces of one thing, in the order of the commits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn traces_of(&self, subject: Subject) -> Result<Vec<StoredTrace>, StorageError> {
        const OF: &str = "SELECT at, steps FROM traces WHERE subject = ? AND ref = ? ORDER BY id";
        let (kind, id) = subject.columns();
        let rows = sqlx::query(OF).bind(kind).bind(id).fetch_all(&self.inner.readers).await?;
        let trace = |row: &_| {
            let row = Columns(row);
            let steps = Packed::read(&row.bytes(1)?)?;
            Ok(StoredTrace { subject, at: row.millis(0)?, steps })
        };
        rows.iter().map(trace).collect()
    }

    async fn parked_of(&self, subject: Subject) -> Result<Vec<Parked>, StorageError> {
        const OF: &str = "SELECT id, subject, ref, tenant, event_id, slot, component, reason, behind, at, resolved_at \
                          FROM parked WHERE subject = ? AND ref = ? ORDER BY id";
        let (kind, id) = subject.columns();
        let rows = sqlx::query(OF).bind(kind).bind(id).fetch_all(&self.inner.readers).await?;
        rows.iter().map(crate::read::parked::parked).collect()
    }

    async fn entries_named(&self, id: &str) -> Result<Vec<Entry>, StorageError> {
        const OF: &str = "SELECT id, tenant, adapter, entry_id, ticket, coalesce(body, ''), attempt, not_before, at, \
                          late FROM entries WHERE entry_id = ? ORDER BY id";
        let rows = sqlx::query(OF).bind(id).fetch_all(&self.inner.readers).await?;
        rows.iter().map(crate::read::news::entry).collect()
    }

    async fn hooks_named(&self, id: &str) -> Result<Vec<KnownHook>, StorageError> {
        const OF: &str = "SELECT id, tenant, adapter, hook_key, state, attempt, at FROM hooks WHERE hook_key = ?1 \
                          OR id IN (SELECT hook FROM entries WHERE entry_id = ?1) ORDER BY id";
        let rows = sqlx::query(OF).bind(id).fetch_all(&self.inner.readers).await?;
        rows.iter().map(crate::read::news::known_hook).collect()
    }

    async fn numbers(&self, sql: &'static str, id: &str) -> Result<Vec<i64>, StorageError> {
        let rows = sqlx::query(sql).bind(id).fetch_all(&self.inner.readers).await?;
        rows.iter().map(|row: &SqliteRow| Columns(row).int(0)).collect()
    }
}

// === impl Why ===

impl Why {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.entries.is_empty() && self.hooks.is_empty() && self.actions.is_empty()
    }

    fn subjects(&self) -> Vec<Subject> {
        let events = self.events.iter().map(|event| Subject::Inbox(event.seq));
        let hooks = self.hooks.iter().map(|hook| Subject::Hook(hook.id));
        let polls = self.polls.iter().map(|poll| Subject::Poll(poll.id));
        let entries = self.entries.iter().map(|entry| Subject::Entry(entry.id));
        let deliveries = self.deliveries.iter().map(|delivery| Subject::Delivery(delivery.id));
        let actions = self.actions.iter().map(|action| Subject::Action(action.id));
        events.chain(hooks).chain(polls).chain(entries).chain(deliveries).chain(actions).collect()
    }
}
