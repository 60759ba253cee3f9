//! Copies of every component, settings and tenant file that ever served, by digest, so that a generation can be made
//! again when its files are gone. Nothing in here is trusted: what is read has to have the digest it was asked by.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use patchbay_types::Digest;

/// A directory of files named by their SHA-256.
#[derive(Debug, Clone)]
pub(super) struct ContentStore {
    root: PathBuf,
}

/// A copy that is not there, or not what it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// It was never kept, or something removed it.
    #[error("the content store has no copy of {}", .0.short())]
    Absent(Digest),
    /// Damaged, or planted.
    #[error("the content store's copy of {} is damaged", .0.short())]
    Damaged(Digest),
    /// The disk says no.
    #[error("the content store: {0}")]
    Io(#[from] io::Error),
}

// === impl ContentStore ===

impl ContentStore {
    /// Opens or makes `root`, for the host alone.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&root)?;
        Ok(Self { root })
    }

    /// Keeps `bytes`, safe against power loss once this answers. A copy that is there is left alone, a damaged one
    /// replaced.
    pub(super) fn put(&self, digest: Digest, bytes: &[u8]) -> io::Result<()> {
        if self.get(digest, bytes.len() as u64).is_ok() {
            return Ok(());
        }
        let path = self.path(digest);
        let part = path.with_extension("part");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(&self.root)?.sync_all()
    }

    /// The bytes of `digest`, which may be `limit` at most.
    pub(super) fn get(&self, digest: Digest, limit: u64) -> Result<Arc<[u8]>, StoreError> {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Absent(digest)),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if Digest::of(&bytes) == digest { Ok(bytes.into()) } else { Err(StoreError::Damaged(digest)) }
    }

    /// Removes everything but `keep`; answers how many files went.
    pub(super) fn retain(&self, keep: &BTreeSet<Digest>) -> io::Result<usize> {
        let mut gone = 0;
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if !kept(&entry.path(), keep) {
                fs::remove_file(entry.path())?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.root.join(digest.to_string())
    }
}

fn kept(path: &Path, keep: &BTreeSet<Digest>) -> bool {
    let digest = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
    digest.is_some_and(|digest| keep.contains(&digest))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn store() -> (tempfile::TempDir, ContentStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = ContentStore::open(dir.path().join("store")).unwrap();
        (dir, store)
    }

    #[test]
    fn what_was_put_comes_back_and_is_for_the_host_alone() {
        let (_dir, store) = store();
        let digest = Digest::of(b"wasm");
        store.put(digest, b"wasm").unwrap();
        store.put(digest, b"wasm").unwrap();
        assert_eq!(&*store.get(digest, 4).unwrap(), b"wasm");
        let mode = fs::metadata(store.path(digest)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_copy_that_was_tampered_with_is_refused() {
        let (_dir, store) = store();
        let digest = Digest::of(b"wasm");
        store.put(digest, b"wasm").unwrap();
        fs::write(store.path(digest), b"evil").unwrap();
        assert!(matches!(store.get(digest, 100), Err(StoreError::Damaged(_))));
        assert!(matches!(store.get(Digest::of(b"other"), 100), Err(StoreError::Absent(_))));
        store.put(digest, b"wasm").unwrap();
        assert!(store.get(digest, 100).is_ok(), "put again, it is healed");
    }

    #[test]
    fn only_what_is_referenced_stays() {
        let (_dir, store) = store();
        let [one, two] = [Digest::of(b"1"), Digest::of(b"2")];
        store.put(one, b"1").unwrap();
        store.put(two, b"2").unwrap();
        fs::write(store.root.join("left.part"), b"half").unwrap();
        assert_eq!(store.retain(&BTreeSet::from([one])).unwrap(), 2);
        assert!(store.get(one, 1).is_ok());
        assert!(store.get(two, 1).is_err());
    }
}
