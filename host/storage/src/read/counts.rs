//! Figures for metrics: what waits, since when, and what was set aside.

use patchbay_types::{Millis, TenantId};
use serde::Serialize;

use crate::{error::StorageError, read::Columns, store::Store};

/// What waits and what was set aside, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Events that were not handled yet; whose they are is not known before.
    pub events: Waiting,
    /// Deliveries of each tenant that wait for their turn or their time.
    pub deliveries: Vec<(TenantId, Waiting)>,
    /// Matrix actions of each tenant that wait for their turn or their time.
    pub actions: Vec<(TenantId, Waiting)>,
    /// What is set aside: by tenant, where that is known, and kind.
    pub parked: Vec<(Option<TenantId>, String, u64)>,
}

/// How many wait, and since when the first does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub since: Option<Millis>,
}

// === impl Store ===

impl Store {
    /// Counts what waits. This reads each waiting row's index entry: once every few seconds, not at each request.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn counts(&self) -> Result<Counts, StorageError> {
        const EVENTS: &str = "SELECT '', count(*), (SELECT received_at FROM inbox INDEXED BY inbox_pending \
            WHERE state = 0 ORDER BY seq LIMIT 1) FROM inbox INDEXED BY inbox_pending WHERE state = 0";
        const DELIVERIES: &str =
            "SELECT tenant, count(*), min(created_at) FROM outbox WHERE state = 0 GROUP BY tenant";
        const ACTIONS: &str =
            "SELECT tenant, count(*), min(created_at) FROM actions WHERE state = 0 GROUP BY tenant";
        const PARKED: &str =
            "SELECT tenant, subject, count(*) FROM parked WHERE resolved_at IS NULL GROUP BY tenant, subject";
        let events = self.waiting(EVENTS).await?.into_iter().next();
        let mut parked = Vec::new();
        for row in sqlx::query(PARKED).fetch_all(&self.inner.readers).await? {
            let row = Columns(&row);
            parked.push((row.opt_text(0)?, row.text(1)?, row.millis(2)?));
        }
        Ok(Counts {
            events: events.map(|(_, waiting)| waiting).unwrap_or_default(),
            deliveries: self.waiting(DELIVERIES).await?,
            actions: self.waiting(ACTIONS).await?,
            parked,
        })
    }

    async fn waiting(&self, sql: &'static str) -> Result<Vec<(TenantId, Waiting)>, StorageError> {
        let rows = sqlx::query(sql).fetch_all(&self.inner.readers).await?;
        let waiting = |row: &_| {
            let row = Columns(row);
            let since = row.opt_int(2)?.map(i64::cast_unsigned);
            Ok((row.text(0)?, Waiting { count: row.millis(1)?, since }))
        };
        rows.iter().map(waiting).collect()
    }
}
