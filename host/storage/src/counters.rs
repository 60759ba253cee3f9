//! Numbers given out in memory, so that a caller knows a row's number before it is written. They begin after the highest
//! that the database has ever held; a number whose row was never written is simply missing.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use patchbay_types::TenantId;
use sqlx::{Row as _, SqliteConnection};

use crate::error::StorageError;

/// The numbers.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) delivery: Counter,
    pub(crate) action: Counter,
    pub(crate) desk_line: Counter,
    /// The highest number of each tenant's desk tickets.
    desk_tickets: Mutex<HashMap<TenantId, i64>>,
}

/// One sequence of numbers.
#[derive(Debug)]
pub(crate) struct Counter(AtomicI64);

// === impl Counters ===

impl Counters {
    /// Reads where the numbers stand; answers the inbox's beside them.
    pub(crate) async fn load(connection: &mut SqliteConnection) -> Result<(Self, i64), StorageError> {
        let rows = sqlx::query("SELECT name, seq FROM sqlite_sequence").fetch_all(&mut *connection).await?;
        let mut highest: HashMap<String, i64> = HashMap::new();
        for row in rows {
            highest.insert(row.try_get(0)?, row.try_get(1)?);
        }
        let tickets = sqlx::query("SELECT tenant, max(number) FROM desk_tickets GROUP BY tenant");
        let mut desk_tickets = HashMap::new();
        for row in tickets.fetch_all(connection).await? {
            desk_tickets.insert(TenantId::from(row.try_get::<String, _>(0)?), row.try_get(1)?);
        }
        let of = |table: &str| highest.get(table).copied().unwrap_or(0);
        let counters = Self {
            delivery: Counter::after(of("outbox")),
            action: Counter::after(of("actions")),
            desk_line: Counter::after(of("desk_lines")),
            desk_tickets: Mutex::new(desk_tickets),
        };
        Ok((counters, of("inbox")))
    }

    pub(crate) fn next_desk_ticket(&self, tenant: &TenantId) -> i64 {
        let mut tickets = self.desk_tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let highest = tickets.entry(tenant.clone()).or_insert(0);
        *highest += 1;
        *highest
    }
}

// === impl Counter ===

impl Counter {
    fn after(highest: i64) -> Self {
        Self(AtomicI64::new(highest))
    }

    pub(crate) fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}
