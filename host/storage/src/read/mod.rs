//! All that reads. Readers have connections of their own and see what was committed before they began.

pub(crate) mod actions;
pub(crate) mod counts;
pub(crate) mod deliveries;
pub(crate) mod desk;
pub(crate) mod failures;
pub(crate) mod inbox;
pub(crate) mod links;
pub(crate) mod lookup;
pub(crate) mod news;
pub(crate) mod opening;
pub(crate) mod operator;
pub(crate) mod parked;
pub(crate) mod polls;
pub(crate) mod why;

use sqlx::{Row as _, sqlite::SqliteRow};

use crate::error::StorageError;

/// Columns by position, as the types that the rest of the crate uses.
pub(crate) struct Columns<'a>(pub(crate) &'a SqliteRow);

// === impl Columns ===

impl Columns<'_> {
    pub(crate) fn int(&self, n: usize) -> Result<i64, StorageError> {
        Ok(self.0.try_get_unchecked(n)?)
    }

    pub(crate) fn opt_int(&self, n: usize) -> Result<Option<i64>, StorageError> {
        Ok(self.0.try_get_unchecked(n)?)
    }

    pub(crate) fn millis(&self, n: usize) -> Result<u64, StorageError> {
        Ok(self.int(n)?.cast_unsigned())
    }

    pub(crate) fn count(&self, n: usize) -> Result<u32, StorageError> {
        Ok(u32::try_from(self.int(n)?).unwrap_or(u32::MAX))
    }

    pub(crate) fn flag(&self, n: usize) -> Result<bool, StorageError> {
        Ok(self.int(n)? != 0)
    }

    /// The text, as text or as an identifier.
    pub(crate) fn text<T: From<String>>(&self, n: usize) -> Result<T, StorageError> {
        Ok(T::from(self.0.try_get_unchecked::<String, _>(n)?))
    }

    pub(crate) fn opt_text<T: From<String>>(&self, n: usize) -> Result<Option<T>, StorageError> {
        Ok(self.0.try_get_unchecked::<Option<String>, _>(n)?.map(T::from))
    }

    pub(crate) fn opt_bytes(&self, n: usize) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.try_get_unchecked(n)?)
    }

    pub(crate) fn bytes(&self, n: usize) -> Result<Vec<u8>, StorageError> {
        Ok(self.0.try_get_unchecked(n)?)
    }
}

/// A state that this release does not know.
pub(crate) fn unknown(what: &str, state: impl std::fmt::Display) -> StorageError {
    StorageError::Unreadable(format!("{what} {state}"))
}
