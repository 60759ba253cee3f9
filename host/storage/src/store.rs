//! The store's handle, and all that writes.

use std::sync::Arc;

use patchbay_types::TenantId;
use sqlx::SqlitePool;
use tokio::sync::watch;

use crate::{
    action::ActionResult,
    arrivals::Arrivals,
    counters::Counters,
    decision::{Decision, Guarded},
    delivery::DeliveryResult,
    error::StorageError,
    failure::Telling,
    generation::NewGeneration,
    ghost::Ghost,
    inbox::{Accepted, Transaction},
    kv::KvWrite,
    news::{EntryResult, HookWanted, NewHook, Received},
    notice::Notice,
    poll::Polled,
    trace::Packed,
    writer::{Reply, Statement, Write, Writer},
};

/// The database of one host. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) writer: Writer,
    pub(crate) inner: Arc<Inner>,
}

/// What clones share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) readers: SqlitePool,
    pub(crate) counters: Counters,
    pub(crate) changes: watch::Receiver<i64>,
    pub(crate) arrivals: Arc<Arrivals>,
}

// === impl Store ===

impl Store {
    /// Keeps a transaction. Once this has answered, the homeserver may be answered.
    ///
    /// # Errors
    /// When it could not be kept: then nothing of it was, and the homeserver has to repeat it.
    pub async fn accept(&self, transaction: Transaction) -> Result<Accepted, StorageError> {
        let reply = self.writer.write(Write::Accept(Box::new(transaction))).await?;
        Ok(Accepted { stored: reply.written, duplicates: reply.skipped })
    }

    /// Shows the number of the newest event in the inbox, and wakes whoever waits for it to change.
    #[must_use]
    pub fn inbox_changes(&self) -> watch::Receiver<i64> {
        self.inner.changes.clone()
    }

    /// Writes all that follows from one event, if it is still pending.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn decide(&self, decision: Decision) -> Result<Guarded, StorageError> {
        Ok(self.decide_all(vec![Arc::new(decision)]).await?.first().copied().unwrap_or(Guarded::Stale))
    }

    /// Writes what follows from several events of a lane: all of it or nothing, in order. Answers one guard for each.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn decide_all(&self, decisions: Vec<Arc<Decision>>) -> Result<Vec<Guarded>, StorageError> {
        let writes = decisions.into_iter().map(|decision| {
            let trace = Packed::of(&decision.trace);
            Write::Decide(decision, trace)
        });
        let replies = self.writer.write_all(writes.collect(), false).await?;
        Ok(replies.into_iter().map(Reply::guarded).collect())
    }

    /// Writes what a delivery's attempt came to, if the delivery is still pending.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn deliver(&self, result: DeliveryResult) -> Result<Guarded, StorageError> {
        Ok(self.deliver_all(vec![Arc::new(result)], true).await?.first().copied().unwrap_or(Guarded::Stale))
    }

    /// Writes what several deliveries of a lane came to, as far as each is still pending: all of it or nothing, in order.
    /// Answers one guard for each. Where something was done outside that must not be done again, `urgent` writes it
    /// down without waiting for company.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn deliver_all(
        &self,
        results: Vec<Arc<DeliveryResult>>,
        urgent: bool,
    ) -> Result<Vec<Guarded>, StorageError> {
        let writes = results.into_iter().map(|result| {
            let trace = Packed::of(&result.trace);
            Write::Deliver(result, trace)
        });
        let replies = self.writer.write_all(writes.collect(), urgent).await?;
        Ok(replies.into_iter().map(Reply::guarded).collect())
    }

    /// Writes what a Matrix action's attempt came to, if the action is still pending.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn acted(&self, result: ActionResult) -> Result<Guarded, StorageError> {
        let trace = Packed::of(&result.trace);
        self.writer.write(Write::Act(Box::new(result), trace)).await.map(Reply::guarded)
    }

    /// Keeps a webhook; answers whether it is new.
    ///
    /// # Errors
    /// When it could not be kept.
    pub async fn add_hook(&self, hook: NewHook) -> Result<bool, StorageError> {
        let trace = Packed::of(&hook.trace);
        Ok(self.writer.write(Write::Hook(Box::new(hook), trace)).await?.written > 0)
    }

    /// Writes down that a webhook is to be read, whose adapter could not be asked when it came. [`Guarded::Stale`]: it is
    /// not, since it does not wait any longer, or one of the same key was kept meanwhile.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn hook_wanted(&self, wanted: HookWanted) -> Result<Guarded, StorageError> {
        let trace = Packed::of(&wanted.trace);
        self.writer.write(Write::HookWanted(Box::new(wanted), trace)).await.map(Reply::guarded)
    }

    /// Writes what a webhook brought; answers how many entries were new. Where the webhook was read before, nothing is
    /// written.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn received(&self, received: Received) -> Result<Accepted, StorageError> {
        let trace = Packed::of(&received.trace);
        let reply = self.writer.write(Write::Receive(Box::new(received), trace)).await?;
        Ok(Accepted { stored: reply.written, duplicates: reply.skipped })
    }

    /// Writes a page of a poll and where the next one goes on; answers how many entries were new.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn polled(&self, polled: Polled) -> Result<Accepted, StorageError> {
        let trace = Packed::of(&polled.trace);
        let reply = self.writer.write(Write::Poll(Box::new(polled), trace)).await?;
        Ok(Accepted { stored: reply.written, duplicates: reply.skipped })
    }

    /// Writes what became of an entry, if it is still pending.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn enter(&self, result: EntryResult) -> Result<Guarded, StorageError> {
        let trace = Packed::of(&result.trace);
        self.writer.write(Write::Enter(Box::new(result), trace)).await.map(Reply::guarded)
    }

    /// Writes small state outside of any call's result.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn kv_set(&self, writes: Vec<KvWrite>) -> Result<(), StorageError> {
        self.writer.write(Write::Kv(writes)).await.map(drop)
    }

    /// Remembers that something was said; answers whether this is the first time.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn notice(&self, notice: Notice) -> Result<bool, StorageError> {
        Ok(self.writer.write(Write::Notice(notice)).await?.written > 0)
    }

    /// Writes what somebody is told of failure, with the mark that they were. [`Guarded::Stale`]: they were before.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub async fn tell(&self, telling: Telling) -> Result<Guarded, StorageError> {
        let trace = Packed::of(&telling.trace);
        self.writer.write(Write::Tell(Box::new(telling), trace)).await.map(Reply::guarded)
    }

    /// Writes a ghost down, over what was known of it.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn put_ghost(&self, ghost: Ghost) -> Result<(), StorageError> {
        const PUT: &str = "INSERT INTO ghosts (registration, user_id, device_id, display_name, at) \
                           VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET device_id = excluded.device_id, \
                           display_name = excluded.display_name, at = excluded.at";
        let registration = ghost.registration.as_str().into();
        let user = ghost.user_id.as_str().into();
        let values = [registration, user, ghost.device_id.into(), ghost.display_name.into(), ghost.at.into()];
        self.statements(vec![Statement::new(PUT, values)]).await
    }

    /// Writes a generation down, not yet serving. Saying it twice is harmless.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn add_generation(&self, new: NewGeneration) -> Result<(), StorageError> {
        const ADD: &str = "INSERT INTO generations (tenant, generation, spec, at, by, note) VALUES (?, ?, ?, ?, ?, ?) \
                           ON CONFLICT DO UPDATE SET spec = excluded.spec, at = excluded.at, by = excluded.by, \
                           note = excluded.note";
        let tenant = new.tenant.as_str().into();
        let values =
            [tenant, new.generation.into(), new.spec.into(), new.at.into(), new.by.into(), new.note.into()];
        self.statements(vec![Statement::new(ADD, values)]).await
    }

    /// Makes one generation of a tenant the serving one, and drops all but the newest `keep` beside it.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn activate_generation(
        &self,
        tenant: &TenantId,
        generation: i64,
        keep: u32,
    ) -> Result<(), StorageError> {
        const ACTIVATE: &str = "UPDATE generations SET active = (generation = ?) WHERE tenant = ?";
        const DROP: &str = "DELETE FROM generations WHERE tenant = ? AND active = 0 AND generation NOT IN \
                            (SELECT generation FROM generations WHERE tenant = ? ORDER BY generation DESC LIMIT ?)";
        let tenant = tenant.as_str();
        self.statements(vec![
            Statement::new(ACTIVATE, [generation.into(), tenant.into()]),
            Statement::new(DROP, [tenant.into(), tenant.into(), i64::from(keep).into()]),
        ])
        .await
    }

    /// Writes what waits, and lets go of the data directory. Whoever still has a clone is answered
    /// [`StorageError::Closed`] from now on.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.writer.close().await;
    }

    /// The number of a delivery that is yet to be stored.
    #[must_use]
    pub fn next_delivery_id(&self) -> i64 {
        self.inner.counters.delivery.next()
    }

    /// The number of an action that is yet to be stored.
    #[must_use]
    pub fn next_action_id(&self) -> i64 {
        self.inner.counters.action.next()
    }

    /// The identifier of a desk ticket that is yet to be stored: `D-1` and so on, within the tenant.
    #[must_use]
    pub fn next_desk_ticket(&self, tenant: &TenantId) -> String {
        format!("D-{}", self.inner.counters.next_desk_ticket(tenant))
    }

    /// The identifier of a desk line that is yet to be stored: `L-1` and so on.
    #[must_use]
    pub fn next_desk_line(&self) -> String {
        format!("L-{}", self.inner.counters.desk_line.next())
    }

    pub(crate) async fn statements(&self, statements: Vec<Statement>) -> Result<(), StorageError> {
        self.writer.write(Write::Statements(statements)).await.map(drop)
    }
}
