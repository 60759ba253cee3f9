//! The files that one `fetch` takes out of a CRM's answers.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use patchbay_egress::{Destination, Files, Keeping, NoFiles, Opened};

use super::{
    Spool,
    spool::{Spooled, Writing},
};
use crate::shared::lock;

/// Files that one call takes: it is asked for one.
const MOST: usize = 8;

pub(crate) struct TakenFiles {
    spool: Spool,
    largest: u64,
    kept: Arc<Mutex<HashMap<String, Spooled>>>,
    /// One was larger than it may be.
    too_large: AtomicBool,
}

struct Keep {
    writing: Writing,
    kept: Arc<Mutex<HashMap<String, Spooled>>>,
}

// === impl TakenFiles ===

impl TakenFiles {
    pub(super) fn new(spool: &Spool, largest: u64) -> Self {
        Self { spool: spool.clone(), largest, kept: Arc::default(), too_large: AtomicBool::new(false) }
    }

    /// The file that stands under this handle.
    pub(super) fn get(&self, handle: &str) -> Option<Spooled> {
        lock(&self.kept).get(handle).cloned()
    }

    /// A request was told that what it asked for is larger than `most` bytes.
    pub(crate) fn is_too_large(&self, most: u64) {
        self.too_large.fetch_or(most == self.largest, Relaxed);
    }

    pub(super) fn was_too_large(&self) -> bool {
        self.too_large.load(Relaxed)
    }
}

#[async_trait]
impl Files for TakenFiles {
    async fn open(&self, _: &str) -> Result<Option<Opened>, String> {
        Ok(None)
    }

    fn together(&self) -> u64 {
        0
    }

    fn may_take(&self, into: &Destination) -> Result<(), String> {
        match into {
            Destination::File | Destination::Base64File => Ok(()),
            Destination::Secret(_) => NoFiles.may_take(into),
        }
    }

    fn largest(&self) -> u64 {
        self.largest
    }

    async fn keep_file(&self) -> Result<Box<dyn Keeping>, String> {
        if lock(&self.kept).len() >= MOST {
            return Err(format!("one call takes at most {MOST} files"));
        }
        let writing = self.spool.begin().await.map_err(|error| error.to_string())?;
        Ok(Box::new(Keep { writing, kept: Arc::clone(&self.kept) }))
    }

    async fn keep_secret(&self, name: &str, value: Bytes) -> Result<(), String> {
        NoFiles.keep_secret(name, value).await
    }
}

#[async_trait]
impl Keeping for Keep {
    async fn write(&mut self, bytes: Bytes) -> Result<(), String> {
        self.writing.write(&bytes).await.map_err(|error| error.to_string())
    }

    async fn finish(self: Box<Self>) -> Result<String, String> {
        let spooled = self.writing.finish().await.map_err(|error| error.to_string())?;
        let mut kept = lock(&self.kept);
        let handle = format!("file-{}", kept.len());
        kept.insert(handle.clone(), spooled);
        Ok(handle)
    }
}
