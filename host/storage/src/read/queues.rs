//! What waits to be done: deliveries, actions, webhooks, entries, each in the order of its numbers.
//!
//! Rows that are to wait for a time are listed too: the lane they stand in waits with them.

use patchbay_types::{AdapterName, ConversationId, RegistrationId, RoomId, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    action::{Action, Origin},
    delivery::{Delivery, DeliveryState},
    error::StorageError,
    news::{Entry, Hook},
    read::{Columns, unknown},
    store::Store,
};

macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT outbox.id, tenant, conversation, adapter, inbox_seq, event_id, ticket, internal, ",
            "coalesce(payload, ''), state, attempt, not_before, last_error, parts, generation, created_at, done_at, ",
            "late ",
            $rest
        )
    };
}

macro_rules! actions {
    ($rest:literal) => {
        concat!(
            "SELECT actions.id, tenant, registration, room_id, source, ordinal, txn_id, coalesce(payload, ''), ",
            "origin_adapter, origin_conversation, origin_ticket, origin_part, state, attempt, not_before, last_error, ",
            "event_id, created_at ",
            $rest
        )
    };
}

// === impl Store ===

impl Store {
    /// Pending deliveries with a higher number than `after_id`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deliveries_pending(&self, after_id: i64, limit: u32) -> Result<Vec<Delivery>, StorageError> {
        const PENDING: &str = deliveries!(
            "FROM outbox INDEXED BY outbox_pending LEFT JOIN outbox_payloads p ON p.id = outbox.id \
             WHERE state = 0 AND outbox.id > ? ORDER BY outbox.id LIMIT ?"
        );
        let rows = sqlx::query(PENDING).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(delivery).collect()
    }

    /// Pending deliveries of one lane, as in [`Self::deliveries_pending`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deliveries_in_lane(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
        adapter: &AdapterName,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StorageError> {
        const PENDING: &str = deliveries!(
            "FROM outbox INDEXED BY outbox_lane LEFT JOIN outbox_payloads p ON p.id = outbox.id WHERE state = 0 \
             AND tenant = ? AND conversation = ? AND adapter = ? AND outbox.id > ? ORDER BY outbox.id LIMIT ?"
        );
        let query =
            sqlx::query(PENDING).bind(tenant.as_str()).bind(conversation.as_str()).bind(adapter.as_str());
        let rows = query.bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(delivery).collect()
    }

    /// One delivery, by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery(&self, id: i64) -> Result<Option<Delivery>, StorageError> {
        const ONE: &str =
            deliveries!("FROM outbox LEFT JOIN outbox_payloads p ON p.id = outbox.id WHERE outbox.id = ?");
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(delivery).transpose()
    }

    /// The deliveries that came from one event of the inbox.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deliveries_of(&self, inbox_seq: i64) -> Result<Vec<Delivery>, StorageError> {
        const OF: &str = deliveries!(
            "FROM outbox LEFT JOIN outbox_payloads p ON p.id = outbox.id WHERE inbox_seq = ? ORDER BY outbox.id"
        );
        let rows = sqlx::query(OF).bind(inbox_seq).fetch_all(&self.inner.readers).await?;
        rows.iter().map(delivery).collect()
    }

    /// Pending Matrix actions with a higher number than `after_id`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn actions_pending(&self, after_id: i64, limit: u32) -> Result<Vec<Action>, StorageError> {
        const PENDING: &str = actions!(
            "FROM actions INDEXED BY actions_pending LEFT JOIN action_payloads p ON p.id = actions.id \
             WHERE state = 0 AND actions.id > ? ORDER BY actions.id LIMIT ?"
        );
        let rows = sqlx::query(PENDING).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(action).collect()
    }

    /// Pending Matrix actions of one lane, as in [`Self::actions_pending`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn actions_in_lane(
        &self,
        registration: &RegistrationId,
        room_id: &RoomId,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<Action>, StorageError> {
        const PENDING: &str = actions!(
            "FROM actions INDEXED BY actions_lane LEFT JOIN action_payloads p ON p.id = actions.id WHERE state = 0 \
             AND registration = ? AND room_id = ? AND actions.id > ? ORDER BY actions.id LIMIT ?"
        );
        let query = sqlx::query(PENDING).bind(registration.as_str()).bind(room_id.as_str());
        let rows = query.bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(action).collect()
    }

    /// The actions that one source caused, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn actions_of(&self, tenant: &TenantId, source: &str) -> Result<Vec<Action>, StorageError> {
        const OF: &str = actions!(
            "FROM actions LEFT JOIN action_payloads p ON p.id = actions.id WHERE source = ? AND tenant = ? \
             ORDER BY actions.id"
        );
        let rows = sqlx::query(OF).bind(source).bind(tenant.as_str()).fetch_all(&self.inner.readers).await?;
        rows.iter().map(action).collect()
    }

    /// The action that became this Matrix event: so an echo of our own is recognised.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn action_of_event(&self, event_id: &str) -> Result<Option<Action>, StorageError> {
        const OF: &str =
            actions!("FROM actions LEFT JOIN action_payloads p ON p.id = actions.id WHERE event_id = ?");
        let row = sqlx::query(OF).bind(event_id).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(action).transpose()
    }

    /// Pending webhooks with a higher number than `after_id`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks_pending(&self, after_id: i64, limit: u32) -> Result<Vec<Hook>, StorageError> {
        const PENDING: &str = "SELECT id, tenant, adapter, hook_key, coalesce(body, x''), attempt, not_before, at \
                               FROM hooks INDEXED BY hooks_pending WHERE state = 0 AND id > ? ORDER BY id LIMIT ?";
        let rows = sqlx::query(PENDING).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(hook).collect()
    }

    /// Pending entries with a higher number than `after_id`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entries_pending(&self, after_id: i64, limit: u32) -> Result<Vec<Entry>, StorageError> {
        const PENDING: &str = "SELECT id, tenant, adapter, entry_id, ticket, coalesce(body, ''), attempt, not_before, \
                               at, late FROM entries INDEXED BY entries_pending WHERE state = 0 AND id > ? \
                               ORDER BY id LIMIT ?";
        let rows = sqlx::query(PENDING).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(entry).collect()
    }
}

pub(crate) fn delivery(row: &SqliteRow) -> Result<Delivery, StorageError> {
    let row = Columns(row);
    let state = row.int(9)?;
    Ok(Delivery {
        id: row.int(0)?,
        tenant: row.text(1)?,
        conversation: row.text(2)?,
        adapter: row.text(3)?,
        inbox_seq: row.opt_int(4)?,
        event_id: row.opt_text(5)?,
        ticket: row.opt_text(6)?,
        internal: row.flag(7)?,
        payload: row.text(8)?,
        state: DeliveryState::from_column(state).ok_or_else(|| unknown("delivery state", state))?,
        attempt: row.count(10)?,
        not_before: row.millis(11)?,
        last_error: row.opt_text(12)?,
        parts: parts(row.opt_text(13)?)?,
        generation: row.int(14)?,
        created_at: row.millis(15)?,
        done_at: row.opt_int(16)?.map(i64::cast_unsigned),
        late: row.flag(17)?,
    })
}

fn action(row: &SqliteRow) -> Result<Action, StorageError> {
    let row = Columns(row);
    let state = row.int(12)?;
    let (adapter, conversation) = (row.opt_text(8)?, row.opt_text(9)?);
    let (ticket, part) = (row.opt_text(10)?, row.opt_text(11)?);
    let origin = adapter.zip(conversation);
    Ok(Action {
        id: row.int(0)?,
        tenant: row.text(1)?,
        registration: row.text(2)?,
        room_id: row.text(3)?,
        source: row.text(4)?,
        ordinal: row.count(5)?,
        txn_id: row.text(6)?,
        payload: row.text(7)?,
        origin: origin.map(|(adapter, conversation)| Origin { adapter, conversation, ticket, part }),
        state: DeliveryState::from_column(state).ok_or_else(|| unknown("action state", state))?,
        attempt: row.count(13)?,
        not_before: row.millis(14)?,
        last_error: row.opt_text(15)?,
        event_id: row.opt_text(16)?,
        created_at: row.millis(17)?,
    })
}

fn hook(row: &SqliteRow) -> Result<Hook, StorageError> {
    let row = Columns(row);
    Ok(Hook {
        id: row.int(0)?,
        tenant: row.text(1)?,
        adapter: row.text(2)?,
        key: row.text(3)?,
        body: row.bytes(4)?,
        attempt: row.count(5)?,
        not_before: row.millis(6)?,
        at: row.millis(7)?,
    })
}

pub(crate) fn entry(row: &SqliteRow) -> Result<Entry, StorageError> {
    let row = Columns(row);
    Ok(Entry {
        id: row.int(0)?,
        tenant: row.text(1)?,
        adapter: row.text(2)?,
        entry_id: row.text(3)?,
        ticket: row.text(4)?,
        body: row.text(5)?,
        attempt: row.count(6)?,
        not_before: row.millis(7)?,
        at: row.millis(8)?,
        late: row.flag(9)?,
    })
}

/// The parts as they are stored: a JSON array, or nothing.
pub(crate) fn parts(json: Option<String>) -> Result<Vec<String>, StorageError> {
    let Some(json) = json else { return Ok(Vec::new()) };
    serde_json::from_str(&json).map_err(|error| StorageError::Unreadable(format!("parts: {error}")))
}
