//! The lock on a data directory: two hosts on one database would each believe that nobody else writes.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
};

use crate::error::StorageError;

/// Held as long as the store is open; the operating system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

// === impl DirectoryLock ===

impl DirectoryLock {
    /// Makes the directory if it is missing, and takes the lock.
    pub(crate) fn take(directory: &Path) -> Result<Self, StorageError> {
        let shown = || directory.display().to_string();
        let unusable = |error| StorageError::Directory(shown(), Arc::new(error));
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let path = directory.join("patchbay.lock");
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StorageError::Locked(shown())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
