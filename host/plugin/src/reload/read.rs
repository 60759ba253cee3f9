//! Reading a file within bounds, whatever it is.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use patchbay_types::{Digest, Millis};

use super::stamp::Stamp;

/// A file's content.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) bytes: Arc<[u8]>,
    pub(super) digest: Digest,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    /// It is not there.
    #[error("the file is missing")]
    Missing,
    /// It is being written; look again then.
    #[error("the file is being written")]
    Unsettled(Millis),
    /// It will not be read as it is.
    #[error("{0}")]
    Refused(String),
    /// The machine's trouble, not the file's: worth another try.
    #[error("the file cannot be read: {0}")]
    Trouble(String),
}

// === impl Blob ===

impl Blob {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { digest: Digest::of(&bytes), bytes: bytes.into() }
    }

    /// The content as text.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn text(&self) -> Result<Arc<str>, Unread> {
        let text = std::str::from_utf8(&self.bytes);
        text.map(Arc::from).map_err(|error| Unread::Refused(format!("this is no UTF-8: {error}")))
    }
}

/// Reads at most `limit` bytes of a file that looks like `stamp`.
///
/// # Errors
/// When it is not there, is larger, or is no regular file.
pub(super) fn read_bounded(path: &Path, stamp: Stamp, limit: u64) -> Result<Vec<u8>, Unread> {
    let size = match stamp {
        Stamp::Missing => return Err(Unread::Missing),
        // Opening a pipe would wait for ever for its other end.
        Stamp::Odd => {
            return Err(Unread::Refused("this is no regular file, or it may not be looked at".to_owned()));
        }
        Stamp::File { size, .. } => size,
    };
    let too_large = || Unread::Refused(format!("{size} bytes are more than the {limit} allowed"));
    if size > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unread(&error))?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// What an error of the system means here.
pub(super) fn unread(error: &io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unread::Missing,
        io::ErrorKind::PermissionDenied => Unread::Refused("the host may not read this file".to_owned()),
        _ => Unread::Trouble(error.to_string()),
    }
}
