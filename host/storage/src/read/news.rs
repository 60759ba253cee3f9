//! A CRM's news that wait, in the order of their numbers, and webhooks by their keys.
//!
//! Rows that are to wait for a time are listed too: the lane they stand in waits with them.

use patchbay_types::{AdapterName, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    error::StorageError,
    news::{Entry, Hook, HookState, KnownHook, Unasked},
    read::{Columns, unknown},
    store::Store,
};

// === impl Store ===

impl Store {
    /// Pending webhooks with a higher number than `after_id`, in order, at most `limit`. Their bodies are read one by
    /// one, by [`Self::hook_body`]: many may wait, and some are large.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks_pending(&self, after_id: i64, limit: u32) -> Result<Vec<Hook>, StorageError> {
        const PENDING: &str = "SELECT h.id, tenant, adapter, hook_key, attempt, not_before, at, u.id IS NOT NULL, \
                               u.delivery FROM hooks h INDEXED BY hooks_pending LEFT JOIN hooks_unasked u ON u.id = h.id \
                               WHERE state = 0 AND h.id > ? ORDER BY h.id LIMIT ?";
        let rows = sqlx::query(PENDING).bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
        rows.iter().map(hook).collect()
    }

    /// A webhook's request; empty once it was pruned.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hook_body(&self, id: i64) -> Result<Vec<u8>, StorageError> {
        const BODY: &str = "SELECT coalesce(body, x'') FROM hooks WHERE id = ?";
        let row = sqlx::query(BODY).bind(id).fetch_optional(&self.inner.readers).await?;
        row.map_or_else(|| Ok(Vec::new()), |row| Columns(&row).bytes(0))
    }

    /// Whether an adapter's webhook with this key was kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hook_known(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        key: &str,
    ) -> Result<bool, StorageError> {
        const KNOWN: &str = "SELECT 1 FROM hooks WHERE hook_key = ? AND adapter = ? AND tenant = ?";
        let query = sqlx::query(KNOWN).bind(key).bind(adapter.as_str()).bind(tenant.as_str());
        Ok(query.fetch_optional(&self.inner.readers).await?.is_some())
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
        attempt: row.count(4)?,
        not_before: row.millis(5)?,
        at: row.millis(6)?,
        unasked: if row.flag(7)? { Some(Unasked { delivery: row.opt_text(8)? }) } else { None },
    })
}

/// `id, tenant, adapter, hook_key, state, attempt, at`.
pub(crate) fn known_hook(row: &SqliteRow) -> Result<KnownHook, StorageError> {
    let row = Columns(row);
    let state = row.int(4)?;
    Ok(KnownHook {
        id: row.int(0)?,
        tenant: row.text(1)?,
        adapter: row.text(2)?,
        key: row.text(3)?,
        state: HookState::from_column(state).ok_or_else(|| unknown("a webhook's state", state))?,
        attempt: row.count(5)?,
        at: row.millis(6)?,
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
