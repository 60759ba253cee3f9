//! Matrix actions, in the order of their numbers.
//!
//! Rows that are to wait for a time are listed too: the lane they stand in waits with them.

use patchbay_types::{RegistrationId, RoomId, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    action::{Action, Origin},
    delivery::DeliveryState,
    error::StorageError,
    read::{Columns, unknown},
    store::Store,
};

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
        tenant: &TenantId,
        registration: &RegistrationId,
        room_id: &RoomId,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<Action>, StorageError> {
        const PENDING: &str = actions!(
            "FROM actions INDEXED BY actions_lane LEFT JOIN action_payloads p ON p.id = actions.id WHERE state = 0 \
             AND registration = ? AND room_id = ? AND tenant = ? AND actions.id > ? ORDER BY actions.id LIMIT ?"
        );
        let query = sqlx::query(PENDING).bind(registration.as_str()).bind(room_id.as_str());
        let rows =
            query.bind(tenant.as_str()).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
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

    /// One action, by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn action(&self, id: i64) -> Result<Option<Action>, StorageError> {
        const ONE: &str =
            actions!("FROM actions LEFT JOIN action_payloads p ON p.id = actions.id WHERE actions.id = ?");
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(action).transpose()
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
        untried: false,
    })
}
