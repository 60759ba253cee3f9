//! Checkpoints, away from the commits: copying the write-ahead log into the database ends in two slow trips to the
//! disk, and nobody's answer should wait for them.
//!
//! A thread with a connection of its own copies what is there after every few MiB. While commits go on, such a copy
//! never reaches the end of the log, so the log could not begin anew and would grow for ever; once it is too long, the
//! writer itself copies the little that is left, between two groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use rusqlite::Connection;

use crate::error::StorageError;

/// A copy begins when about so many bytes were written since the last.
const EVERY: usize = 8 << 20;
/// Frames (4 KiB and a little) that the log may have before the writer helps: 64 MiB.
const TOO_LONG: i64 = 16_384;

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    due: SyncSender<()>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes written since the last copy began.
    written: AtomicUsize,
    /// The log is too long.
    help: AtomicBool,
}

// === impl Checkpointer ===

impl Checkpointer {
    /// Starts the thread that copies; it ends with [`Self::close`].
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(crate) fn start(connection: Connection) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared::default());
        let (due, wait) = sync_channel(1);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("storage-copier".to_owned());
        let thread = thread.spawn(move || run(&connection, &theirs, &wait));
        Ok(Self { shared, due, thread: thread.map_err(StorageError::no_thread)? })
    }

    /// After a commit of about `bytes`: wakes the thread, or helps it.
    pub(crate) fn committed(&self, bytes: usize, connection: &Connection) {
        let before = self.shared.written.fetch_add(bytes, Ordering::Relaxed);
        if before < EVERY && before + bytes >= EVERY {
            // Where one is due already, that one will do.
            let _ = self.due.try_send(());
        }
        if self.shared.help.swap(false, Ordering::AcqRel) {
            copy(connection);
        }
    }

    /// Ends the thread, and waits for it.
    pub(crate) fn close(self) {
        drop(self.due);
        // It ends by panic at worst, and then it is gone too.
        let _ = self.thread.join();
    }
}

fn run(connection: &Connection, shared: &Shared, due: &Receiver<()>) {
    while due.recv().is_ok() {
        shared.written.store(0, Ordering::Relaxed);
        if copy(connection) > TOO_LONG {
            shared.help.store(true, Ordering::Release);
        }
    }
}

/// Copies as much as can be copied without waiting for anybody; answers how many frames the log has.
fn copy(connection: &Connection) -> i64 {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1)) {
        Ok(frames) => frames,
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be copied; it grows until it can");
            0
        }
    }
}
