//! How far each CRM was asked what is new, and the polls that brought an entry.

use patchbay_types::{AdapterName, TenantId};

use crate::{
    error::StorageError,
    poll::{Cursor, KnownPoll},
    read::Columns,
    store::Store,
};

// === impl Store ===

impl Store {
    /// How far an adapter's CRM was asked; nothing where it never answered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn cursor(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
    ) -> Result<Option<Cursor>, StorageError> {
        const CURSOR: &str = "SELECT cursor, at FROM cursors WHERE tenant = ? AND adapter = ?";
        let query = sqlx::query(CURSOR).bind(tenant.as_str()).bind(adapter.as_str());
        let Some(row) = query.fetch_optional(&self.inner.readers).await? else { return Ok(None) };
        let row = Columns(&row);
        Ok(Some(Cursor { cursor: row.text(0)?, at: row.millis(1)? }))
    }

    /// The polls that brought the entries of this identifier.
    pub(crate) async fn polls_of(&self, entry: &str) -> Result<Vec<KnownPoll>, StorageError> {
        const OF: &str = "SELECT id, tenant, adapter, at FROM polls WHERE id IN \
                          (SELECT poll FROM entries WHERE entry_id = ?) ORDER BY id";
        let rows = sqlx::query(OF).bind(entry).fetch_all(&self.inner.readers).await?;
        let poll = |row: &_| {
            let row = Columns(row);
            Ok(KnownPoll { id: row.int(0)?, tenant: row.text(1)?, adapter: row.text(2)?, at: row.millis(3)? })
        };
        rows.iter().map(poll).collect()
    }
}
