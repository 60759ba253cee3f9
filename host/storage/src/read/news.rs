//! A CRM's news that wait, in the order of their numbers.
//!
//! Rows that are to wait for a time are listed too: the lane they stand in waits with them.

use sqlx::sqlite::SqliteRow;

use crate::{
    error::StorageError,
    news::{Entry, Hook},
    read::Columns,
    store::Store,
};

// === impl Store ===

impl Store {
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
