//! What can go wrong with the database, as its callers have to tell it apart: wait for space, wait for the disk, give
//! up on this one request, or don't start at all.

use std::sync::Arc;

use sqlx::error::ErrorKind;

/// Why something was not stored or read. Nothing of it has happened: a failed write left no trace.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The disk, or the size that the database may have, is used up. Later attempts work once there is space.
    #[error("the database's disk is full")]
    Full,
    /// The disk or the database file does not answer as it should. Later attempts may work.
    #[error("the database is not available")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// This one request contradicts what is stored, such as an identifier used twice. Repeating it will not help.
    #[error("the database refused the write")]
    Refused(#[source] Arc<sqlx::Error>),
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

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        /// SQLite's primary result codes: https://sqlite.org/rescode.html
        const FULL: u32 = 13;
        const TOO_BIG: u32 = 18;
        const ERROR: u32 = 1;
        const CONSTRAINT: u32 = 19;
        const MISMATCH: u32 = 20;
        let (code, kind) = match &error {
            sqlx::Error::Database(error) => {
                let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
                (code & 0xff, Some(error.kind()))
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                return Self::Unreadable(error.to_string());
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return Self::Closed,
            _ => (0, None),
        };
        let contradicts = matches!(
            kind,
            Some(
                ErrorKind::UniqueViolation
                    | ErrorKind::ForeignKeyViolation
                    | ErrorKind::NotNullViolation
                    | ErrorKind::CheckViolation
            )
        );
        match code {
            FULL => Self::Full,
            // A value of the wrong type or kind, such as a number beyond what a column holds: the request's own fault.
            TOO_BIG | ERROR | CONSTRAINT | MISMATCH => Self::Refused(Arc::new(error)),
            _ if contradicts => Self::Refused(Arc::new(error)),
            _ => Self::Unavailable(Arc::new(error)),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StorageError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migrate(Arc::new(error))
    }
}
