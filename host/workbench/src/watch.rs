//! `plugin test --watch`: something is done again whenever a file of a project changes.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use notify::{Event, EventKind, RecursiveMode, Watcher as _};

use crate::error::WorkbenchError;

/// An editor writes a file in several strokes: what follows within this belongs to the same change.
const STROKES: Duration = Duration::from_millis(150);

/// Calls `change` now, and after each change below `dirs` or to `files`, until it answers `false`. What `change` itself
/// writes there calls it once more. The paths are absolute, without links in them.
///
/// # Errors
/// When the system watches no files, or a directory is not there.
pub fn watch(
    dirs: &[PathBuf],
    files: &[PathBuf],
    mut change: impl FnMut() -> bool,
) -> Result<(), WorkbenchError> {
    let tool = |error: notify::Error| WorkbenchError::Tool(format!("files cannot be watched: {error}"));
    let (hint, hints) = mpsc::channel();
    let (below, of) = (dirs.to_vec(), files.to_vec());
    let concerns = move |path: &Path| {
        below.iter().any(|dir| path.starts_with(dir)) || of.iter().any(|file| path == file)
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        let looks = matches!(event.kind, EventKind::Access(_));
        if !looks && event.paths.iter().any(|path| concerns(path)) {
            // Nobody listens any more: the watch is over.
            let _ = hint.send(());
        }
    })
    .map_err(tool)?;
    for dir in dirs.iter().filter(|dir| dir.is_dir()) {
        watcher.watch(dir, RecursiveMode::Recursive).map_err(tool)?;
    }
    // Files are replaced rather than written, so their directories are watched.
    for dir in files.iter().filter_map(|file| file.parent()) {
        watcher.watch(dir, RecursiveMode::NonRecursive).map_err(tool)?;
    }
    while change() {
        if hints.recv().is_err() {
            break;
        }
        while hints.recv_timeout(STROKES).is_ok() {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_changed_file_is_a_reason_to_do_it_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (src, file) = (root.join("src"), root.join("src/lib.rs"));
        fs::create_dir(&src).unwrap();
        let mut times = 0;
        watch(&[src], &[], || {
            times += 1;
            fs::write(&file, times.to_string()).unwrap();
            times < 2
        })
        .unwrap();
        assert_eq!(times, 2);
    }
}
