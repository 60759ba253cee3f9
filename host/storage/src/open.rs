//! Opening the store: the lock, the connections and how they are tuned, the migrations, the numbers.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use patchbay_types::config::Synchronous;
use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    checkpoint::Checkpointer,
    counters::Counters,
    error::StorageError,
    lock::DirectoryLock,
    store::{Inner, Store},
    writer::Writer,
};

/// Connections that read. Two cores are kept busy by fewer; more only split the page cache.
const READERS: u32 = 4;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Where the database lies, and how safe it is.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The data directory; made if it is missing.
    pub directory: PathBuf,
    /// What a commit survives.
    pub synchronous: Synchronous,
    /// The most pages of 4 KiB that the database file may have; none is SQLite's own bound.
    pub max_pages: Option<u32>,
}

// === impl OpenOptions ===

impl OpenOptions {
    /// The safest way to open `directory`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), synchronous: Synchronous::Full, max_pages: None }
    }

    fn connection(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.directory.join("patchbay.db"))
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(false)
            // A group's text depends on what is in it: the usual ones stay prepared, rare ones must not pile up.
            .statement_cache_capacity(64)
            .pragma("temp_store", "memory")
            .pragma("mmap_size", (256 << 20).to_string())
            .disable_statement_logging()
    }

    fn writing(&self) -> SqliteConnectOptions {
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        };
        let options = self
            .connection()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            // Checkpoints have a task of their own: one inside a commit would let its callers wait.
            .pragma("wal_autocheckpoint", "0")
            // A log that once grew too long gives its space back when it begins anew.
            .pragma("journal_size_limit", (128 << 20).to_string())
            // In KiB. The writer touches the same few hundred pages again and again.
            .pragma("cache_size", "-32768");
        match self.max_pages {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }
}

// === impl Store ===

impl Store {
    /// Opens the store, and brings an older database up to this release. The store lives until its last clone is gone
    /// and what was under way is written.
    ///
    /// # Errors
    /// When another host has the directory, when it cannot be used, or when the database is damaged or newer than this
    /// release.
    pub async fn open(options: OpenOptions) -> Result<Self, StorageError> {
        let lock = DirectoryLock::take(&options.directory)?;
        let mut connection: SqliteConnection = options.writing().connect().await?;
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        let (counters, seq) = Counters::load(&mut connection).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.connection().read_only(true).pragma("cache_size", "-8192"))
            .await?;
        let checkpoints = options.connection().pragma("wal_autocheckpoint", "0").connect().await?;
        let checkpointer = Checkpointer::start(checkpoints);
        let (writer, task, changes) = Writer::new(connection, seq, checkpointer);
        let task = tokio::spawn(async move {
            task.run().await;
            drop(lock);
        });
        let inner = Inner { readers, counters, changes, task: Mutex::new(Some(task)) };
        Ok(Self { writer, inner: Arc::new(inner) })
    }
}
