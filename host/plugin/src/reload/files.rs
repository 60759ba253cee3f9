//! The files of the watched directory as they are seen over time: when each counts as whole, and reading within bounds.
//!
//! A writer does not say when it is done; a file is taken to be whole when it has looked the same for a while. Within
//! one pass a file is looked at once and read once, so that all tenants that share it are given the same bytes.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use patchbay_types::Millis;

use super::{
    read::{Blob, Unread, read_bounded, unread},
    stamp::Stamp,
};

/// Files by their name relative to the directory.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    settle: Millis,
    now: Millis,
    pass: u64,
    seen: BTreeMap<Arc<str>, Seen>,
    read: BTreeMap<Arc<str>, Blob>,
}

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    since: Millis,
    pass: u64,
}

// === impl Files ===

impl Files {
    pub(super) fn new(root: PathBuf, settle: Millis) -> Self {
        Self { root, settle, now: 0, pass: 0, seen: BTreeMap::new(), read: BTreeMap::new() }
    }

    /// Everything is looked at anew.
    pub(super) fn begin_pass(&mut self, now: Millis) {
        self.pass += 1;
        self.now = now;
    }

    /// Lets go of what was read, and of files that nobody looked at.
    pub(super) fn end_pass(&mut self) {
        self.read.clear();
        self.seen.retain(|_, seen| seen.pass == self.pass);
    }

    /// What the file looks like in this pass.
    pub(super) fn stamp(&mut self, name: &str) -> Stamp {
        self.look(name).0
    }

    /// Nothing when the file has looked the same for long enough, or not been there for long enough; else when to ask
    /// again.
    pub(super) fn unsettled(&mut self, name: &str) -> Option<Millis> {
        let (_, since) = self.look(name);
        let due = since.saturating_add(self.settle);
        (due > self.now).then_some(due)
    }

    /// Reads a settled file of at most `limit` bytes.
    pub(super) fn read(&mut self, name: &str, limit: u64) -> Result<Blob, Unread> {
        match self.unsettled(name) {
            Some(due) => Err(Unread::Unsettled(due)),
            None => self.peek(name, limit),
        }
    }

    /// Reads a file that may still be being written.
    pub(super) fn peek(&mut self, name: &str, limit: u64) -> Result<Blob, Unread> {
        if let Some(blob) = self.read.get(name) {
            return Ok(blob.clone());
        }
        let stamp = self.stamp(name);
        let path = self.root.join(name);
        let bytes = read_bounded(&path, stamp, limit)?;
        if Stamp::of(&path) != stamp {
            return Err(Unread::Unsettled(self.now.saturating_add(self.settle)));
        }
        let blob = Blob::of(bytes);
        self.read.insert(name.into(), blob.clone());
        Ok(blob)
    }

    /// Reads a settled file of at most `limit` bytes that has to be text.
    pub(super) fn text(&mut self, name: &str, limit: u64) -> Result<Arc<str>, Unread> {
        self.read(name, limit)?.text()
    }

    /// Refuses a file that lies, once symlinks are followed, outside the directory `within`.
    pub(super) fn confine(&self, name: &str, within: &str) -> Result<(), Unread> {
        let real = |name: &str| fs::canonicalize(self.root.join(name)).map_err(|error| unread(&error));
        if real(name)?.starts_with(real(within)?) {
            Ok(())
        } else {
            Err(Unread::Refused(format!("the file lies outside `{within}/`, where a link led")))
        }
    }

    fn look(&mut self, name: &str) -> (Stamp, Millis) {
        let before = self.seen.get(name);
        if let Some(seen) = before.filter(|seen| seen.pass == self.pass) {
            return (seen.stamp, seen.since);
        }
        let stamp = Stamp::of(&self.root.join(name));
        let since = match before {
            // A clock that was set back must not keep a file waiting until it has caught up.
            Some(seen) if seen.stamp == stamp => seen.since.min(self.now),
            // At start-up a file is believed that says it is old: nobody is likely to be writing, and waiting costs.
            None if self.pass == 1 && stamp.is_older(self.settle, self.now) => {
                self.now.saturating_sub(self.settle)
            }
            _ => self.now,
        };
        self.seen.insert(name.into(), Seen { stamp, since, pass: self.pass });
        (stamp, since)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const SETTLE: Millis = 200;

    fn files(dir: &tempfile::TempDir) -> Files {
        let mut files = Files::new(dir.path().to_owned(), SETTLE);
        files.begin_pass(0);
        files
    }

    #[test]
    fn a_file_is_whole_when_it_has_not_changed_for_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "half").unwrap();
        let mut files = files(&dir);
        assert_eq!(files.read("x", 100).unwrap_err(), Unread::Unsettled(SETTLE));
        fs::write(&path, "half, and the rest").unwrap();
        files.begin_pass(SETTLE);
        assert_eq!(files.read("x", 100).unwrap_err(), Unread::Unsettled(2 * SETTLE));
        files.begin_pass(2 * SETTLE);
        assert_eq!(&*files.read("x", 100).unwrap().bytes, b"half, and the rest");
    }

    #[test]
    fn what_is_gone_for_a_moment_is_not_missing_yet() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(&dir);
        assert!(matches!(files.read("x", 1), Err(Unread::Unsettled(_))));
        files.begin_pass(SETTLE);
        assert_eq!(files.read("x", 1).unwrap_err(), Unread::Missing);
    }

    #[test]
    fn a_clock_set_back_costs_one_wait_at_most() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(&dir);
        files.begin_pass(1_000_000);
        assert_eq!(files.unsettled("x"), Some(1_000_000 + SETTLE));
        files.begin_pass(5_000);
        assert_eq!(files.unsettled("x"), Some(5_000 + SETTLE));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join("x")).unwrap().set_len(50 << 20).unwrap();
        let mut files = files(&dir);
        files.unsettled("x");
        files.begin_pass(SETTLE);
        let error = files.read("x", 1 << 20).unwrap_err();
        assert_eq!(error, Unread::Refused("52428800 bytes are more than the 1048576 allowed".to_owned()));
    }

    #[test]
    fn a_link_does_not_lead_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tenants")).unwrap();
        fs::write(dir.path().join("secret.toml"), "").unwrap();
        fs::write(dir.path().join("tenants/real.toml"), "").unwrap();
        let link =
            |to: &str, name: &str| std::os::unix::fs::symlink(to, dir.path().join("tenants").join(name));
        link("../secret.toml", "out.toml").unwrap();
        link("real.toml", "in.toml").unwrap();
        let files = files(&dir);
        assert!(files.confine("tenants/in.toml", "tenants").is_ok());
        assert!(matches!(files.confine("tenants/out.toml", "tenants"), Err(Unread::Refused(_))));
    }
}
