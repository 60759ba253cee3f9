//! What is written down of a generation before it serves, and the port that keeps it. With the content store it is
//! enough to make the same chain again after a restart, whatever has become of the files.

use std::collections::BTreeMap;

use patchbay_types::{
    Digest, Millis, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};
use serde::{Deserialize, Serialize};

/// One generation of one tenant's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Counts up for each tenant, also across its removal and return; never used twice.
    pub generation: u64,
    /// Names and contents of all files that it was made of, in one digest.
    pub inputs: Digest,
    /// The tenant's file, in the content store.
    pub config: Digest,
    /// What fills each slot, by the slot's name.
    pub slots: BTreeMap<String, SlotRecord>,
    /// When it was made.
    pub at: Millis,
}

/// What fills a slot of a generation. The digests name copies in the content store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// The component's name, as the tenant's file says it.
    pub component: String,
    /// Name and version, as the component's manifest says them; none where it has no manifest.
    #[serde(default)]
    pub plugin: Option<(String, String)>,
    /// The component.
    pub digest: Digest,
    /// Its settings, as JSON text.
    pub settings: Digest,
    /// The component of the failure policy `fallback`, by name and digest.
    pub fallback: Option<(String, Digest)>,
    /// What it was granted.
    pub grants: Grants,
    /// The most it may use.
    pub limits: Limits,
    /// How long an instance lives.
    pub instance: InstancePolicy,
}

/// A tenant's pointer was set. The newest of these says what serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerMove {
    /// The tenant.
    pub tenant: TenantId,
    /// The generation that serves from now on; none when the tenant's file was removed.
    pub generation: Option<u64>,
    /// When.
    pub at: Millis,
    /// Who moved it.
    pub by: MovedBy,
    /// The `inputs` that the directory held at a rollback: as long as it holds them, the pointer stays.
    pub pin: Option<Digest>,
    /// Why, in a few words.
    pub note: String,
}

/// Who moved a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MovedBy {
    /// A change in the watched directory.
    Directory,
    /// A person.
    Rollback,
}

/// What is known of a tenant's generations.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The newest ones, newest first.
    pub records: Vec<GenerationRecord>,
    /// Where the pointer stands.
    pub pointer: PointerMove,
}

/// Keeps generations and pointers durably. Every call may block; a write has reached the disk when it is answered.
pub trait GenerationLog: Send + Sync + 'static {
    /// Every tenant that ever had a generation: its newest `keep` ones, and where its pointer stands.
    ///
    /// # Errors
    /// When it cannot be read.
    fn histories(&self, keep: usize) -> Result<Vec<History>, LogError>;

    /// Keeps a new generation and moves its tenant's pointer to it, both or neither.
    ///
    /// # Errors
    /// When it could not be kept; the pointer then stands where it stood.
    fn append(&self, record: &GenerationRecord, moved: &PointerMove) -> Result<(), LogError>;

    /// Moves a tenant's pointer to an earlier generation, or to none.
    ///
    /// # Errors
    /// When it could not be kept; the pointer then stands where it stood.
    fn point(&self, moved: &PointerMove) -> Result<(), LogError>;
}

/// The log of generations could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the log of generations: {0}")]
pub struct LogError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
