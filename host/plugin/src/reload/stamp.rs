//! What a file looks like from outside, without reading it.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use patchbay_types::Millis;

/// Equal stamps mean an unchanged file; symlinks are followed. An absent file has a stamp too, since a file that is
/// being replaced is absent for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Nothing there.
    Missing,
    /// Something that is no regular file, or that may not be looked at.
    Odd,
    /// A regular file. The change time is here because no program can set it, as it can the modification time.
    File { device: u64, inode: u64, size: u64, modified: (i64, i64), changed: (i64, i64) },
}

// === impl Stamp ===

impl Stamp {
    pub(super) fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(meta) if meta.is_file() => Self::File {
                device: meta.dev(),
                inode: meta.ino(),
                size: meta.size(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
            },
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Self::Missing
            }
            Ok(_) | Err(_) => Self::Odd,
        }
    }

    /// Whether the file says of itself that nothing happened to it for `settle` before `now`.
    pub(super) fn is_older(&self, settle: Millis, now: Millis) -> bool {
        let Self::File { modified, changed, .. } = self else { return false };
        let last = modified.max(changed).0.saturating_add(1).saturating_mul(1000);
        u64::try_from(last).is_ok_and(|last| last.saturating_add(settle) <= now)
    }
}
