//! What can go wrong with the database, as its callers have to tell it apart: wait for space, wait for the disk, give
//! up on this one request, or don't start at all.

use std::sync::Arc;

/// What SQLite, or the way to it, said.
type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why something was not stored or read. Nothing of it has happened: a failed write left no trace.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The disk, or the size that the database may have, is used up. Later attempts work once there is space.
    #[error("the database's disk is full")]
    Full,
    /// The disk or the database file does not answer as it should. Later attempts may work.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// This one request contradicts what is stored, such as an identifier used twice. Repeating it will not help.
    #[error("the database refused the write")]
    Refused(#[source] Cause),
    /// What the database holds cannot be read as what it should be.
    #[error("the database holds something that this release cannot read: {0}")]
    Unreadable(String),
    /// Another process has this data directory open.
    #[error("another host has `{0}` open: one data directory serves one host")]
    Locked(String),
    /// The data directory cannot be made or opened.
    #[error("the data directory `{0}` cannot be used")]
    Directory(String, #[source] Arc<std::io::Error>),
    /// The database was made by another release and could not be brought up to this one.
    #[error("the database could not be migrated")]
    Migrate(#[source] Arc<sqlx::migrate::MigrateError>),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

// === impl StorageError ===

impl StorageError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full | Self::Unavailable(_))
    }
}

impl StorageError {
    pub(crate) fn no_thread(error: std::io::Error) -> Self {
        Self::Unavailable(Arc::new(error))
    }

    pub(crate) fn refused(why: String) -> Self {
        Self::Refused(Arc::new(std::io::Error::other(why)))
    }

    /// The same, where no request is to blame: later attempts may work.
    pub(crate) fn not_now(self) -> Self {
        match self {
            Self::Refused(cause) => Self::Unavailable(cause),
            other => other,
        }
    }

    /// From one of SQLite's primary result codes: https://sqlite.org/rescode.html
    fn of_code(code: i32, cause: Cause) -> Self {
        const ERROR: i32 = 1;
        const FULL: i32 = 13;
        const TOO_BIG: i32 = 18;
        const CONSTRAINT: i32 = 19;
        const MISMATCH: i32 = 20;
        match code & 0xff {
            FULL => Self::Full,
            // A value of the wrong type or kind, such as a number beyond what a column holds: the request's own fault.
            TOO_BIG | ERROR | CONSTRAINT | MISMATCH => Self::Refused(cause),
            _ => Self::Unavailable(cause),
        }
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse().ok()).unwrap_or(0),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                return Self::Unreadable(error.to_string());
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return Self::Closed,
            _ => 0,
        };
        Self::of_code(code, Arc::new(error))
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => {
                Self::of_code(failure.extended_code, Arc::new(error))
            }
            // Beyond what a column holds.
            rusqlite::Error::ToSqlConversionFailure(_) => Self::Refused(Arc::new(error)),
            _ => Self::Unavailable(Arc::new(error)),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StorageError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migrate(Arc::new(error))
    }
}
