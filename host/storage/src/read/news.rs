//! A CRM's news that wait, adapter by adapter, in the order of their numbers; and webhooks by their keys.
//!
//! Webhooks that are to wait for a time are listed too: the lane they stand in waits with them. Entries are not: one that
//! is to be shown next week holds up nothing.

use patchbay_types::{AdapterName, Millis, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    error::StorageError,
    news::{Entry, Hook, HookState, KnownHook, Unasked},
    read::{Columns, unknown},
    store::Store,
};

/// From one adapter with something pending to the next: a plain `DISTINCT` would read every row that waits.
const LANES: &str = "WITH RECURSIVE lane(tenant, adapter) AS ( \
    SELECT * FROM (SELECT tenant, adapter FROM {table} INDEXED BY {table}_lane WHERE state = 0 \
                   ORDER BY tenant, adapter LIMIT 1) \
    UNION ALL \
    SELECT n.tenant, n.adapter FROM lane JOIN {table} n ON n.id = \
        (SELECT id FROM {table} INDEXED BY {table}_lane WHERE state = 0 \
         AND (tenant, adapter) > (lane.tenant, lane.adapter) ORDER BY tenant, adapter LIMIT 1) \
) SELECT tenant, adapter FROM lane";

// === impl Store ===

impl Store {
    /// The adapters for which webhooks wait. Costs one look into an index for each, however many wait.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks_wait_for(&self) -> Result<Vec<(TenantId, AdapterName)>, StorageError> {
        self.wait_for(LANES.replace("{table}", "hooks")).await
    }

    /// The adapters for which entries wait. Costs one look into an index for each, however many wait.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entries_wait_for(&self) -> Result<Vec<(TenantId, AdapterName)>, StorageError> {
        self.wait_for(LANES.replace("{table}", "entries")).await
    }

    async fn wait_for(&self, query: String) -> Result<Vec<(TenantId, AdapterName)>, StorageError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(query));
        let rows = query.fetch_all(&self.inner.readers).await?;
        rows.iter().map(|row| Ok((Columns(row).text(0)?, Columns(row).text(1)?))).collect()
    }

    /// An adapter's pending webhooks with a higher number than `after_id`, in order, at most `limit`. Their bodies are
    /// read one by one, by [`Self::hook_body`]: many may wait, and some are large.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks_pending(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<Hook>, StorageError> {
        const PENDING: &str = "SELECT h.id, tenant, adapter, hook_key, attempt, not_before, at, u.id IS NOT NULL, \
                               u.delivery FROM hooks h INDEXED BY hooks_lane LEFT JOIN hooks_unasked u ON u.id = h.id \
                               WHERE state = 0 AND tenant = ? AND adapter = ? AND h.id > ? ORDER BY h.id LIMIT ?";
        let query = sqlx::query(PENDING).bind(tenant.as_str()).bind(adapter.as_str());
        let rows = query.bind(after_id).bind(limit).fetch_all(&self.inner.readers).await?;
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

    /// How many of an adapter's webhooks wait for it to be asked whether it wants them, and how many bytes they have.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks_unasked(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
    ) -> Result<(u64, u64), StorageError> {
        const UNASKED: &str = "SELECT count(*), coalesce(sum(length(h.body)), 0) FROM hooks_unasked u \
                               CROSS JOIN hooks h ON h.id = u.id WHERE h.tenant = ? AND h.adapter = ? AND h.state = 0";
        let query = sqlx::query(UNASKED).bind(tenant.as_str()).bind(adapter.as_str());
        let row = query.fetch_one(&self.inner.readers).await?;
        Ok((Columns(&row).millis(0)?, Columns(&row).millis(1)?))
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

    /// An adapter's pending entries that may be shown by `now`, with a higher number than `after_id`, in order, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entries_pending(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        now: Millis,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, StorageError> {
        const PENDING: &str = "SELECT id, tenant, adapter, entry_id, ticket, coalesce(body, ''), attempt, not_before, \
                               at, late FROM entries INDEXED BY entries_lane WHERE state = 0 AND tenant = ? \
                               AND adapter = ? AND id > ? AND not_before <= ? ORDER BY id LIMIT ?";
        let query = sqlx::query(PENDING).bind(tenant.as_str()).bind(adapter.as_str());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let query = query.bind(after_id).bind(now).bind(limit);
        query.fetch_all(&self.inner.readers).await?.iter().map(entry).collect()
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
