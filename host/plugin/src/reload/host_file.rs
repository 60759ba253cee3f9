//! `patchbay.toml` lies in the watched directory but is read at start alone. Whoever changes it is told so.

use patchbay_types::Digest;

use super::{files::Files, finding::Finding};

/// The host's own file.
pub(super) const HOST_FILE: &str = "patchbay.toml";
/// The largest one.
pub(super) const HOST_FILE_SIZE: u64 = 1 << 20;

/// The file as it was at start.
#[derive(Debug, Default)]
pub(super) struct HostFile(Option<Digest>);

// === impl HostFile ===

impl HostFile {
    /// Something to say when the file is not what it was at the first look.
    pub(super) fn look(&mut self, files: &mut Files) -> Option<Finding> {
        let now = files.read(HOST_FILE, HOST_FILE_SIZE).ok()?.digest;
        let first = *self.0.get_or_insert(now);
        (now != first).then(|| {
            Finding::file(
                HOST_FILE,
                "changed since the start, which is when it is read; restart the host to use it",
            )
        })
    }
}
