//! The cache does not grow for ever: beyond its size, what was used longest ago goes first. A file that is still
//! mapped stays readable for whoever maps it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

struct Entry {
    path: PathBuf,
    used: SystemTime,
    size: u64,
}

/// Removes entries until the rest is no larger than `most` bytes.
///
/// # Errors
/// When the directory cannot be read, or a file not removed.
pub(super) fn sweep(dir: &Path, most: u64) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // Another thread's temporary file may be gone again.
        let Ok(metadata) = entry.metadata() else { continue };
        entries.push(Entry { path: entry.path(), used: metadata.modified()?, size: metadata.len() });
    }
    let mut total: u64 = entries.iter().map(|entry| entry.size).sum();
    entries.sort_by_key(|entry| entry.used);
    for entry in entries {
        if total <= most {
            break;
        }
        fs::remove_file(&entry.path)?;
        total = total.saturating_sub(entry.size);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs::File, time::Duration};

    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        for (name, used) in [("a", 3), ("b", 1), ("c", 2)] {
            let path = dir.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(used);
            File::options().write(true).open(path).unwrap().set_modified(used).unwrap();
        }
        sweep(dir.path(), 300).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        sweep(dir.path(), 150).unwrap();
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a"]);
    }
}
