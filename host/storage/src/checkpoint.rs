//! Checkpoints, away from the commits: copying the write-ahead log into the database ends in two slow trips to the
//! disk, and nobody's answer should wait for them.
//!
//! A connection of its own copies what is there after every few MiB. While commits go on, such a copy never reaches the
//! end of the log, so the log could not begin anew and would grow for ever; once it is too long, the writer itself copies
//! the little that is left, between two groups.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use sqlx::{Connection as _, Row as _, SqliteConnection};
use tokio::{sync::Notify, task::JoinHandle};

/// A copy begins when about so many bytes were written since the last.
const EVERY: usize = 8 << 20;
/// Frames (4 KiB and a little) that the log may have before the writer helps: 64 MiB.
const TOO_LONG: i64 = 16_384;

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes written since the last copy began.
    written: AtomicUsize,
    due: Notify,
    /// The log is too long.
    help: AtomicBool,
    closed: AtomicBool,
}

// === impl Checkpointer ===

impl Checkpointer {
    /// Starts the task that copies; it ends with [`Self::close`].
    pub(crate) fn start(mut connection: SqliteConnection) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            loop {
                theirs.due.notified().await;
                if theirs.closed.load(Ordering::Acquire) {
                    break;
                }
                theirs.written.store(0, Ordering::Relaxed);
                let length = copy(&mut connection).await;
                if length > TOO_LONG {
                    theirs.help.store(true, Ordering::Release);
                }
            }
            // Closing can fail only in that the file is as a crash would leave it, which is no harm.
            let _ = connection.close().await;
        });
        Self { shared, task }
    }

    /// After a commit of about `bytes`: wakes the task, or helps it.
    pub(crate) async fn committed(&self, bytes: usize, connection: &mut SqliteConnection) {
        let before = self.shared.written.fetch_add(bytes, Ordering::Relaxed);
        if before < EVERY && before + bytes >= EVERY {
            self.shared.due.notify_one();
        }
        if self.shared.help.swap(false, Ordering::AcqRel) {
            copy(connection).await;
        }
    }

    /// Ends the task, and waits for it.
    pub(crate) async fn close(self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.due.notify_one();
        let _ = self.task.await;
    }
}

/// Copies as much as can be copied without waiting for anybody; answers how many frames the log has.
async fn copy(connection: &mut SqliteConnection) -> i64 {
    match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await {
        Ok(row) => row.try_get(1).unwrap_or(0),
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be copied; it grows until it can");
            0
        }
    }
}
