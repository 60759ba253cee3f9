//! Deliveries, in the order of their numbers.
//!
//! Rows that are to wait for a time are listed too: the lane they stand in waits with them.

use patchbay_types::{AdapterName, ConversationId, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    delivery::{Delivery, DeliveryState},
    error::StorageError,
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
}

fn delivery(row: &SqliteRow) -> Result<Delivery, StorageError> {
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

/// The parts as they are stored: a JSON array, or nothing.
pub(crate) fn parts(json: Option<String>) -> Result<Vec<String>, StorageError> {
    let Some(json) = json else { return Ok(Vec::new()) };
    serde_json::from_str(&json).map_err(|error| StorageError::Unreadable(format!("parts: {error}")))
}
