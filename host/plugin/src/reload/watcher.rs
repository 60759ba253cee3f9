//! Notifications of the operating system, as hints that a look is worth it. Nothing depends on them: they get lost, they
//! come in floods, and on some file systems they never come.

use std::{path::PathBuf, sync::mpsc::SyncSender};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};

use super::directory::{COMPONENTS, TENANTS};

/// Watches one directory; sends on its channel when something in it changed.
pub(super) struct Watcher {
    root: PathBuf,
    /// None: this system gives no notifications, and regular looks have to do.
    inner: Option<RecommendedWatcher>,
    armed: Vec<PathBuf>,
}

// === impl Watcher ===

impl Watcher {
    /// A watcher that is not armed yet.
    pub(super) fn new(root: PathBuf, hint: SyncSender<()>) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.clone());
        let inner = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error is a hint as well: something was missed. A full channel: somebody is about to look anyway.
            if event.is_ok_and(|event| !is_relevant(&event, &real)) {
                return;
            }
            _ = hint.try_send(());
        });
        let inner = inner
            .inspect_err(|error| tracing::warn!(%error, "no notifications of changed files; looking regularly instead"))
            .ok();
        Self { root, inner, armed: Vec::new() }
    }

    /// Watches the directories that are there now. A link may lead elsewhere than before, and a directory that was made
    /// again is not the one that was watched: so everything is armed anew, before each look.
    pub(super) fn arm(&mut self) {
        let Some(inner) = &mut self.inner else { return };
        for path in self.armed.drain(..) {
            // It may be gone: then nothing is left to be unwatched.
            _ = inner.unwatch(&path);
        }
        // Settings may lie in directories below `tenants/`. The root must not be watched so deep: data may be in it.
        let wanted = [
            (self.root.clone(), RecursiveMode::NonRecursive),
            (self.root.join(COMPONENTS), RecursiveMode::NonRecursive),
            (self.root.join(TENANTS), RecursiveMode::Recursive),
        ];
        for (path, mode) in wanted {
            let Ok(path) = path.canonicalize() else { continue };
            match inner.watch(&path, mode) {
                Ok(()) => self.armed.push(path),
                Err(error) => {
                    tracing::debug!(path = %path.display(), %error, "not watched; looked at regularly")
                }
            }
        }
    }
}

/// Our own reading makes events too, and the database may lie in the root.
fn is_relevant(event: &Event, root: &std::path::Path) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        EventKind::Access(_) => return false,
        _ => {}
    }
    event.paths.is_empty()
        || event.paths.iter().any(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.parent() != Some(root) || name == COMPONENTS || name == TENANTS || name.starts_with("..")
        })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use notify::event::{DataChange, ModifyKind};

    use super::*;

    fn event(kind: EventKind, path: &str) -> bool {
        is_relevant(&Event::new(kind).add_path(path.into()), Path::new("/d"))
    }

    #[test]
    fn only_what_can_change_a_chain_is_a_hint() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        assert!(event(written, "/d/components/x.wasm"));
        assert!(event(written, "/d/..data"), "a config map's link");
        assert!(!event(written, "/d/patchbay.db-wal"), "the database in the same directory");
        assert!(
            !event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/d/components/x.wasm"),
            "we read it"
        );
        assert!(event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/d/components/x.wasm"));
    }
}
