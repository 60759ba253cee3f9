//! The log of generations, kept in the store: a row for each generation, and beside it, under one key for each tenant,
//! where the tenant's pointer stands.

use patchbay_plugin::reload::{GenerationLog, GenerationRecord, History, LogError, PointerMove};
use patchbay_storage::{KvWrite, NewGeneration, StorageError, Store};
use patchbay_types::{AdapterName, TenantId};
use serde::{Serialize, de::DeserializeOwned};
use tokio::runtime::Handle;

/// Rows of each tenant that stay: a few more than can be rolled back to.
const ROWS: u32 = 10;

/// The store as a log of generations. It blocks: for threads that no runtime needs.
pub(crate) struct Generations {
    store: Store,
    runtime: Handle,
}

// === impl Generations ===

impl Generations {
    /// `runtime` is the one that the store runs on.
    pub(crate) fn new(store: Store, runtime: Handle) -> Self {
        Self { store, runtime }
    }

    async fn histories(&self, keep: usize) -> Result<Vec<History>, LogError> {
        let mut histories = Vec::new();
        for (_, pointer) in self.store.kv_all(&host(), &pointers()).await.map_err(unkept)? {
            let pointer: PointerMove = parse(&pointer)?;
            let rows = self.store.generations(&pointer.tenant).await.map_err(unkept)?;
            let records = rows.iter().take(keep).map(|row| parse(row.spec.as_bytes()));
            histories.push(History { records: records.collect::<Result<_, _>>()?, pointer });
        }
        Ok(histories)
    }

    /// The one write that counts: what it says serves, serves after a crash.
    async fn point(&self, moved: &PointerMove) -> Result<(), LogError> {
        let write = KvWrite {
            tenant: host(),
            adapter: pointers(),
            key: moved.tenant.to_string(),
            value: Some(text(moved)?.into_bytes()),
        };
        self.store.kv_set(vec![write]).await.map_err(unkept)
    }

    /// First the row, then the pointer: a crash between the two leaves a generation that never served, and whose number
    /// the next attempt writes over.
    async fn append(&self, record: &GenerationRecord, moved: &PointerMove) -> Result<(), LogError> {
        let generation = number(record.generation);
        let row = NewGeneration {
            tenant: record.tenant.clone(),
            generation,
            spec: text(record)?,
            at: record.at,
            by: text(&moved.by)?,
            note: moved.note.clone(),
        };
        self.store.add_generation(row).await.map_err(unkept)?;
        self.point(moved).await?;
        let tidied = self.store.activate_generation(&record.tenant, generation, ROWS).await;
        if let Err(error) = tidied {
            tracing::warn!(tenant = %record.tenant, %error, "rows of old generations stay for now");
        }
        Ok(())
    }
}

impl GenerationLog for Generations {
    fn histories(&self, keep: usize) -> Result<Vec<History>, LogError> {
        self.runtime.block_on(self.histories(keep))
    }

    fn append(&self, record: &GenerationRecord, moved: &PointerMove) -> Result<(), LogError> {
        self.runtime.block_on(self.append(record, moved))
    }

    fn point(&self, moved: &PointerMove) -> Result<(), LogError> {
        self.runtime.block_on(self.point(moved))
    }
}

/// Pointers are the host's own small state: it has an empty tenant.
fn host() -> TenantId {
    TenantId::new("")
}

fn pointers() -> AdapterName {
    AdapterName::new("generations")
}

fn number(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

fn text(value: &impl Serialize) -> Result<String, LogError> {
    serde_json::to_string(value).map_err(|error| LogError(error.into()))
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, LogError> {
    serde_json::from_slice(text).map_err(|error| LogError(error.into()))
}

fn unkept(error: StorageError) -> LogError {
    LogError(error.into())
}
