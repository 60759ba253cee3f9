//! Events of the inbox.

use patchbay_types::{RegistrationId, RoomId};
use sqlx::sqlite::SqliteRow;

use crate::{
    error::StorageError,
    inbox::{InboxEvent, InboxState},
    read::{Columns, unknown},
    store::Store,
};

/// The columns of an event, with the body beside it.
macro_rules! events {
    ($rest:literal) => {
        concat!(
            "SELECT inbox.seq, registration, event_key, room_id, coalesce(body, ''), received_at, late, state, tenant ",
            $rest
        )
    };
}

// === impl Store ===

impl Store {
    /// Pending events with a higher number than `after_seq`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending(&self, after_seq: i64, limit: u32) -> Result<Vec<InboxEvent>, StorageError> {
        const PENDING: &str = events!(
            "FROM inbox INDEXED BY inbox_pending LEFT JOIN bodies ON bodies.seq = inbox.seq \
             WHERE state = 0 AND inbox.seq > ? ORDER BY inbox.seq LIMIT ?"
        );
        let rows = sqlx::query(PENDING).bind(after_seq).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(event).collect()
    }

    /// The same, for the one who follows the inbox: what came last is handed over from memory, once.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_pending(&self, after_seq: i64, limit: u32) -> Result<Vec<InboxEvent>, StorageError> {
        match self.inner.arrivals.take(after_seq, limit as usize) {
            Some(events) => Ok(events),
            None => self.pending(after_seq, limit).await,
        }
    }

    /// Pending events of one room with a higher number than `after_seq`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending_in_room(
        &self,
        registration: &RegistrationId,
        room_id: Option<&RoomId>,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<InboxEvent>, StorageError> {
        const PENDING: &str = events!(
            "FROM inbox INDEXED BY inbox_lane LEFT JOIN bodies ON bodies.seq = inbox.seq \
             WHERE state = 0 AND registration = ? AND room_id IS ? AND inbox.seq > ? ORDER BY inbox.seq LIMIT ?"
        );
        let query = sqlx::query(PENDING).bind(registration.as_str()).bind(room_id.map(RoomId::as_str));
        let rows = query.bind(after_seq).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(event).collect()
    }

    /// One event, by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn inbox_event(&self, seq: i64) -> Result<Option<InboxEvent>, StorageError> {
        const ONE: &str =
            events!("FROM inbox LEFT JOIN bodies ON bodies.seq = inbox.seq WHERE inbox.seq = ?");
        let row = sqlx::query(ONE).bind(seq).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(event).transpose()
    }

    /// One event, by its event ID, as this registration's homeserver sent it: what an edit or a redaction refers to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn related_event(
        &self,
        registration: &RegistrationId,
        event_id: &str,
    ) -> Result<Option<InboxEvent>, StorageError> {
        const ONE: &str = events!(
            "FROM inbox LEFT JOIN bodies ON bodies.seq = inbox.seq WHERE event_key = ? AND registration = ?"
        );
        let query = sqlx::query(ONE).bind(event_id).bind(registration.as_str());
        let row = query.fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(event).transpose()
    }
}

fn event(row: &SqliteRow) -> Result<InboxEvent, StorageError> {
    let row = Columns(row);
    let state = row.int(7)?;
    Ok(InboxEvent {
        seq: row.int(0)?,
        registration: row.text(1)?,
        key: row.text(2)?,
        room_id: row.opt_text(3)?,
        body: row.text(4)?,
        received_at: row.millis(5)?,
        late: row.flag(6)?,
        state: InboxState::from_column(state).ok_or_else(|| unknown("inbox state", state))?,
        tenant: row.opt_text(8)?,
    })
}
