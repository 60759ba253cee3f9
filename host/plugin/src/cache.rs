//! Compiled artefacts on disk. The directory is the host's alone, and each entry is authenticated under a key that
//! nobody else has: a file that was planted, cut short or altered is refused, made anew and written over.
//!
//! An entry is the artefact with HMAC-SHA-256 over its name and content behind it. The name stands for all that the
//! artefact was made of, so an entry never becomes stale, only unused.

mod sweep;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use hmac::{Hmac, KeyInit, Mac};
use patchbay_types::Digest;
use sha2::Sha256;

const TAG: usize = 32;

/// Some thousand small components, or a hundred large ones.
const MOST_BYTES: u64 = 1 << 30;

/// The cache directory.
pub(crate) struct Cache {
    dir: PathBuf,
    /// Filled up with zeros to a block of SHA-256, as HMAC itself would.
    key: [u8; 64],
    written: AtomicU64,
}

// === impl Cache ===

impl Cache {
    /// Makes the directory, or takes it into possession.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to someone else.
    pub(crate) fn open(dir: PathBuf, key: [u8; 32]) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700))?;
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = from);
        Ok(Self { dir, key: block, written: AtomicU64::new(0) })
    }

    /// The entry of this name, open and verified; nothing where there is none, or none that is ours.
    pub(crate) fn get(&self, name: Digest) -> Option<File> {
        let path = self.path(name);
        let found = File::open(&path).and_then(|mut file| Ok(self.verify(name, &mut file)?.then_some(file)));
        match found {
            Ok(Some(file)) => {
                // The time tells how long ago it was of use. A file system that does not keep it keeps the file.
                let _ = file.set_modified(now());
                Some(file)
            }
            Ok(None) => {
                tracing::warn!(path = %path.display(), "a cached artefact is not authentic: it is made anew");
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a cached artefact cannot be read: it is made anew");
                None
            }
        }
    }

    /// Writes an entry, whole or not at all.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn put(&self, name: Digest, content: &[u8]) -> io::Result<()> {
        let count = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = self.dir.join(format!("{name}.{}.{count}.tmp", std::process::id()));
        let written =
            self.write(&temporary, name, content).and_then(|()| fs::rename(&temporary, self.path(name)));
        if written.is_err() {
            // The first error is the one that says why.
            let _ = fs::remove_file(&temporary);
        }
        if let Err(error) = sweep::sweep(&self.dir, MOST_BYTES) {
            tracing::warn!(dir = %self.dir.display(), %error, "old artefacts were not removed");
        }
        written
    }

    fn write(&self, path: &PathBuf, name: Digest, content: &[u8]) -> io::Result<()> {
        let mut mac = self.mac(name);
        mac.update(content);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.write_all(&mac.finalize().into_bytes())?;
        file.sync_all()
    }

    fn verify(&self, name: Digest, file: &mut File) -> io::Result<bool> {
        let len = file.metadata()?.len();
        let Some(content) = len.checked_sub(TAG as u64) else { return Ok(false) };
        let mut mac = self.mac(name);
        let mut buffer = vec![0; 64 << 10];
        let mut rest = (&*file).take(content);
        loop {
            let read = rest.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            mac.update(buffer.get(..read).unwrap_or_default());
        }
        let mut tag = [0; TAG];
        file.seek(SeekFrom::Start(content))?;
        file.read_exact(&mut tag)?;
        Ok(mac.verify_slice(&tag).is_ok())
    }

    fn mac(&self, name: Digest) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        mac.update(name.as_bytes());
        mac
    }

    fn path(&self, name: Digest) -> PathBuf {
        self.dir.join(format!("{name}.cwasm"))
    }
}

/// The file system's own time, which no decision of the host hangs on.
#[expect(clippy::disallowed_methods, reason = "it is compared with times that the kernel writes")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path().join("cache"), [7; 32]).unwrap();
        (dir, cache)
    }

    #[test]
    fn what_was_written_is_found_again_and_nobody_else_may_read_it() {
        let (_dir, cache) = cache();
        let name = Digest::of(b"name");
        assert!(cache.get(name).is_none());
        cache.put(name, b"content").unwrap();
        assert!(cache.get(name).is_some());
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(cache.path(name)), 0o600);
        assert_eq!(mode(cache.dir.clone()), 0o700);
    }

    #[test]
    fn whatever_is_not_ours_is_refused() {
        let (_dir, cache) = cache();
        let (name, other) = (Digest::of(b"name"), Digest::of(b"other"));
        cache.put(name, b"content").unwrap();
        let whole = fs::read(cache.path(name)).unwrap();

        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            fs::write(cache.path(name), altered).unwrap();
            assert!(cache.get(name).is_none(), "byte {at} was altered");
            fs::write(cache.path(name), &whole[..at]).unwrap();
            assert!(cache.get(name).is_none(), "cut to {at} bytes");
        }
        fs::write(cache.path(other), &whole).unwrap();
        assert!(cache.get(other).is_none(), "an authentic entry under another name");

        let stranger = Cache::open(cache.dir.clone(), [8; 32]).unwrap();
        stranger.put(name, b"content").unwrap();
        assert!(cache.get(name).is_none(), "under another key");

        cache.put(name, b"content").unwrap();
        assert!(cache.get(name).is_some(), "made anew, it is written over");
    }
}
