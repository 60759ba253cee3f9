//! The log of generations in memory: it is outside the walls of this crate, and can be told to break.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use patchbay_plugin::reload::{GenerationLog, GenerationRecord, History, LogError, PointerMove};
use patchbay_types::TenantId;

/// Clones share what is kept, as two processes share a disk.
#[derive(Clone, Default)]
pub(crate) struct MemoryLog {
    kept: Arc<Mutex<BTreeMap<TenantId, History>>>,
    broken: Arc<AtomicBool>,
}

impl MemoryLog {
    /// From now on nothing can be written; or it can again.
    pub(crate) fn break_down(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub(crate) fn pointer(&self, tenant: &str) -> Option<PointerMove> {
        Some(self.kept.lock().unwrap().get(tenant)?.pointer.clone())
    }

    fn writable(&self) -> Result<(), LogError> {
        if self.broken.load(Ordering::SeqCst) { Err(LogError("the disk is full".into())) } else { Ok(()) }
    }
}

impl GenerationLog for MemoryLog {
    fn histories(&self, keep: usize) -> Result<Vec<History>, LogError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept
            .values()
            .map(|History { records, pointer }| History {
                records: records.iter().take(keep).cloned().collect(),
                pointer: pointer.clone(),
            })
            .collect())
    }

    fn append(&self, record: &GenerationRecord, moved: &PointerMove) -> Result<(), LogError> {
        self.writable()?;
        let mut kept = self.kept.lock().unwrap();
        let history = kept
            .entry(record.tenant.clone())
            .or_insert_with(|| History { records: Vec::new(), pointer: moved.clone() });
        assert!(
            history.records.iter().all(|kept| kept.generation < record.generation),
            "a number is used twice"
        );
        history.records.insert(0, record.clone());
        history.pointer = moved.clone();
        Ok(())
    }

    fn point(&self, moved: &PointerMove) -> Result<(), LogError> {
        self.writable()?;
        self.kept.lock().unwrap().get_mut(&moved.tenant).unwrap().pointer = moved.clone();
        Ok(())
    }
}
