//! What is asked where a CRM tells of a ticket that no conversation has: who its people are, where they are already, and
//! whether something that waits is about the same ticket.

use patchbay_types::{AdapterName, Millis, TenantId};
use serde::Serialize;

use crate::{
    decision::Conversation,
    error::StorageError,
    news::Entry,
    read::{Columns, lookup},
    store::Store,
};

/// The most people and conversations that are answered.
const MOST: u32 = 16;

/// An earlier entry of the same ticket that was not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// It waits.
    Waits,
    /// It was set aside.
    Parked,
}

// === impl Store ===

impl Store {
    /// The people whom a CRM knows by this identifier: more than one, where it merged two of ours.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn persons_of_remote(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        remote: &str,
    ) -> Result<Vec<String>, StorageError> {
        const ALL: &str = "SELECT person FROM persons INDEXED BY persons_remote \
                           WHERE tenant = ? AND adapter = ? AND remote = ? ORDER BY person LIMIT ?";
        let query = sqlx::query(ALL).bind(tenant.as_str()).bind(adapter.as_str()).bind(remote).bind(MOST);
        query.fetch_all(&self.inner.readers).await?.iter().map(|row| Columns(row).text(0)).collect()
    }

    /// The conversations of whole rooms whose customer this person is, the one that was last spoken in first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn conversations_of_customer(
        &self,
        tenant: &TenantId,
        customer: &str,
    ) -> Result<Vec<Conversation>, StorageError> {
        let query = sqlx::query(lookup::OF_CUSTOMER).bind(tenant.as_str()).bind(customer).bind(MOST);
        query.fetch_all(&self.inner.readers).await?.iter().map(lookup::conversation).collect()
    }

    /// Whether an earlier entry of the same ticket waits, or was set aside.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entry_before(&self, entry: &Entry) -> Result<Option<Before>, StorageError> {
        const WAITS: &str = "SELECT 1 FROM entries INDEXED BY entries_lane \
                             WHERE state = 0 AND tenant = ? AND adapter = ? AND id < ? AND ticket = ? LIMIT 1";
        const PARKED: &str = "SELECT 1 FROM entries INDEXED BY entries_parked \
                              WHERE state = 2 AND tenant = ? AND adapter = ? AND ticket = ? AND id < ? LIMIT 1";
        let (tenant, adapter) = (entry.tenant.as_str(), entry.adapter.as_str());
        let ticket = entry.ticket.as_str();
        let waits = sqlx::query(WAITS).bind(tenant).bind(adapter).bind(entry.id).bind(ticket);
        if waits.fetch_optional(&self.inner.readers).await?.is_some() {
            return Ok(Some(Before::Waits));
        }
        let parked = sqlx::query(PARKED).bind(tenant).bind(adapter).bind(ticket).bind(entry.id);
        Ok(parked.fetch_optional(&self.inner.readers).await?.map(|_| Before::Parked))
    }

    /// Whether a delivery that was decided by `at` may be opening a ticket of this adapter.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn may_be_opening(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        at: Millis,
    ) -> Result<bool, StorageError> {
        const ONE: &str = "SELECT 1 FROM outbox INDEXED BY outbox_pending \
                           WHERE state = 0 AND tenant = ? AND adapter = ? AND ticket IS NULL AND created_at <= ? LIMIT 1";
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(adapter.as_str()).bind(at);
        Ok(query.fetch_optional(&self.inner.readers).await?.is_some())
    }
}
