//! What the doors ask of the parts of the host that they do not know: whoever wires the host together supplies it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use patchbay_plugin::webhooks::{Answer, Webhook};
use patchbay_storage::{StorageError, Trace, Unasked};
use patchbay_types::{AdapterName, Millis, TenantId};

/// The adapters behind the doors.
#[async_trait]
pub trait Reception: Send + Sync + 'static {
    /// The door of a tenant's adapter; nothing where there is no such adapter, or it takes no webhooks from outside.
    fn door(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Door>;

    /// Every door, in the order of tenants and adapters.
    fn doors(&self) -> Vec<(TenantId, AdapterName, Door)>;

    /// Asks the adapter whether a webhook is to be kept, and how it is answered. It takes no longer than it was given.
    ///
    /// # Errors
    /// When the adapter has not answered: then the webhook is to be kept, and asked about later.
    async fn ask(&self, asked: Asked) -> Result<Heard, Unheard>;

    /// Keeps a webhook and has it read; answers whether none with its key was there before. Once this has answered, it
    /// is on disk.
    ///
    /// # Errors
    /// When it could not be kept.
    async fn keep(&self, arrived: Arrived) -> Result<bool, StorageError>;
}

/// An adapter that takes webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// How often its URL was changed.
    pub rotation: u32,
    /// Headers that carry a webhook's own identifier; the first that a webhook has counts.
    pub delivery_id: Arc<[String]>,
}

/// A webhook that an adapter is asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter that is asked.
    pub adapter: AdapterName,
    /// What came.
    pub webhook: Arc<Webhook>,
    /// What its sender calls it, where it does.
    pub delivery: Option<String>,
    /// When it arrived.
    pub at: Millis,
    /// The longest that the sender is made to wait.
    pub within: Duration,
}

/// What the adapter said.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Its answer.
    pub answer: Answer,
    /// How it came to that.
    pub trace: Trace,
}

/// The adapter has said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unheard {
    /// Why, for operators.
    pub reason: String,
    /// What was tried.
    pub trace: Trace,
}

/// A webhook that is to be kept.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Whose it is.
    pub tenant: TenantId,
    /// The adapter it is for.
    pub adapter: AdapterName,
    /// What a repeated one is recognised by.
    pub key: String,
    /// The adapter has not said yet whether it wants it.
    pub unasked: Option<Unasked>,
    /// What came.
    pub webhook: Arc<Webhook>,
    /// When.
    pub at: Millis,
    /// What the adapter was asked and answered.
    pub trace: Trace,
}
