//! Opening the store: the lock, the connections and how they are tuned, the migrations, the numbers.

use std::{path::PathBuf, sync::Arc, time::Duration};

use patchbay_types::config::Synchronous;
use rusqlite::Connection;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

use crate::{
    arrivals::Arrivals,
    checkpoint::Checkpointer,
    counters::Counters,
    error::StorageError,
    lock::DirectoryLock,
    store::{Inner, Store},
    writer::{Writer, Writing},
};

/// Connections that read. Two cores are kept busy by fewer; more only split the page cache.
const READERS: u32 = 4;
/// How long a connection waits for another that is in its way.
const PATIENCE: Duration = Duration::from_secs(10);

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

    fn file(&self) -> PathBuf {
        self.directory.join("patchbay.db")
    }

    /// What reads, and what migrates before anything else is open.
    fn connection(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.file())
            .busy_timeout(PATIENCE)
            .foreign_keys(false)
            .statement_cache_capacity(64)
            .pragma("temp_store", "memory")
            .disable_statement_logging()
    }

    /// The connection that writes, or the one that copies its log.
    fn writing(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(self.file())?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(128);
        let synchronous = match self.synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        // Checkpoints have a thread of their own: one inside a commit would let its callers wait.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        // A log that once grew too long gives its space back when it begins anew.
        connection.pragma_update(None, "journal_size_limit", 128 << 20)?;
        // In KiB. The writer touches the same few hundred pages again and again.
        connection.pragma_update(None, "cache_size", -16_384)?;
        if let Some(pages) = self.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(connection)
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
        let migrating = options.connection().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let mut migrating: SqliteConnection = migrating.connect().await?;
        MIGRATIONS.run_direct(None, &mut migrating, false).await?;
        let (counters, seq) = Counters::load(&mut migrating).await?;
        migrating.close().await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.connection().read_only(true).pragma("cache_size", "-4096"))
            .await?;
        let arrivals = Arc::new(Arrivals::behind(seq));
        let (writer, changes) = Writer::start(Writing {
            connection: options.writing()?,
            seq,
            arrivals: Arc::clone(&arrivals),
            checkpointer: Checkpointer::start(options.writing()?)?,
            lock,
        })?;
        Ok(Self { writer, inner: Arc::new(Inner { readers, counters, changes, arrivals }) })
    }
}
