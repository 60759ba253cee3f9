//! Places in the pool of instances. They are counted here, so that a full pool is a short wait and never a fault that a
//! plugin would be blamed for.

use std::sync::Arc;

use futures::executor::block_on;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A place; given back when dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

/// The places of one runtime.
pub(crate) struct Slots {
    all: Arc<Semaphore>,
    /// Of them, at most this many lie idle with a kept instance.
    idle: Arc<Semaphore>,
}

// === impl Slots ===

impl Slots {
    pub(crate) fn new(instances: u32) -> Self {
        let all = usize::try_from(instances.max(2)).unwrap_or(Semaphore::MAX_PERMITS);
        Self { all: Arc::new(Semaphore::new(all)), idle: Arc::new(Semaphore::new(all / 2)) }
    }

    /// A place, as soon as there is one.
    pub(crate) async fn enter(&self) -> Option<Permit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// The same for a thread that may block.
    pub(crate) fn enter_blocking(&self) -> Option<Permit> {
        match Arc::clone(&self.all).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => block_on(self.enter()),
        }
    }

    /// Leave to keep one instance between calls; nothing when enough are kept.
    pub(crate) fn keep(&self) -> Option<Permit> {
        Arc::clone(&self.idle).try_acquire_owned().ok()
    }
}
