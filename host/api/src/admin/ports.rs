//! What the admin API asks of parts of the host that it does not know: whoever wires the host together supplies them.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_plugin::reload::{KeptSlot, ReloadStatus, TenantStatus};
use patchbay_storage::{NewHook, StorageError};
use patchbay_types::{AdapterName, Digest, Millis, Problem, TenantId};
use serde::{Deserialize, Serialize};

use super::v1::connections::{list::Connection, probe::Probed};

/// What runs where, and going back.
#[async_trait]
pub trait PluginControl: Send + Sync + 'static {
    /// What runs where, and why something does not. Answers at once.
    fn status(&self) -> ReloadStatus;

    /// Every tenant that serves.
    fn tenants(&self) -> Vec<TenantId>;

    /// The tenant's adapters that were granted the embedded desk, in the order of their names.
    fn desks(&self, tenant: &TenantId) -> Vec<AdapterName>;

    /// Lets an earlier generation serve again: `to`, or the one before the current.
    ///
    /// # Errors
    /// With a sentence for the operator; what served goes on.
    async fn rollback(&self, tenant: &TenantId, to: Option<u64>) -> Result<TenantStatus, Problem>;
}

/// What generations were made of, as far as it is kept.
#[async_trait]
pub trait Archive: Send + Sync + 'static {
    /// What filled `slot` of a tenant's `generation`.
    ///
    /// # Errors
    /// With a sentence for people, when it is no longer known.
    async fn slot(&self, tenant: &TenantId, generation: u64, slot: &str) -> Result<KeptSlot, String>;

    /// A component of a generation that is kept.
    ///
    /// # Errors
    /// With a sentence for people, when there is no copy of it any more.
    async fn component(&self, digest: Digest) -> Result<Arc<[u8]>, String>;
}

/// The pipeline, as far as an operator steers it.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// Puts what was parked back into its lane, at its end; answers whether there was something to put back.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn replay(&self, parked: i64) -> Result<bool, StorageError>;

    /// Gives up what was parked; answers whether there was something to give up.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn discard(&self, parked: i64) -> Result<bool, StorageError>;

    /// Keeps a webhook for its adapter to read; answers whether it is a new one.
    ///
    /// # Errors
    /// When it could not be kept.
    async fn hook(&self, hook: NewHook) -> Result<bool, StorageError>;

    /// Each tenant's adapters, and how it stands with whatever they talk to.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn connections(&self) -> Result<Vec<Connection>, StorageError>;

    /// Asks an adapter whether anybody is there; nothing, where there is no such adapter.
    async fn probe(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Probed>;

    /// How busy it is.
    fn load(&self) -> Load;

    /// How asking each CRM what is new goes, in the order of tenants and adapters.
    fn polls(&self) -> Vec<Asked>;
}

/// A CRM that can be asked what is new. Times are since the epoch, figures since the start of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that asks.
    pub adapter: AdapterName,
    /// The interval in milliseconds; 0: never.
    pub every: Millis,
    /// When the CRM last answered; none: never.
    pub last_good: Option<Millis>,
    /// Since when the host has tried.
    pub since: Millis,
    /// When it is asked next; none: never.
    pub next: Option<Millis>,
    /// Entries that were new.
    pub entries: u64,
    /// Its connection is down: it is asked as soon as that is up again.
    pub held: bool,
    /// Failures in a row.
    pub failures: u32,
    /// When the last of them was.
    pub failed_at: Option<Millis>,
    /// What it was, in a sentence.
    pub error: Option<String>,
}

/// How busy the pipeline is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Lanes of events on their way in.
    pub inbound: Lanes,
    /// Lanes of messages on their way to a CRM.
    pub deliveries: Lanes,
    /// Lanes of actions on their way to Matrix.
    pub actions: Lanes,
    /// Breakers that are open: a component faulted too often.
    pub breakers_open: usize,
}

/// Lanes of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// They wait: their target is down, or a breaker is open.
    pub held: usize,
    /// They are at work.
    pub working: usize,
}
