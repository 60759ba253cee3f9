//! The reloader's own thread: a pass after every hint, and one every so often whether or not there was a hint.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{reloader::Reloader, watcher::Watcher};

// === impl Reloader ===

impl Reloader {
    /// Watches the directory until `cancel`, on a thread of its own and of low priority, so that a compiler at work
    /// takes nothing from those who serve. The task that is answered ends after the pass that was under way.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(self: &Arc<Self>, cancel: CancellationToken) -> io::Result<JoinHandle<()>> {
        let (hint, hints) = mpsc::sync_channel(1);
        let (ended, end) = oneshot::channel::<()>();
        let watcher = Watcher::new(self.config.dir.clone(), hint.clone());
        let (reloader, cancelled) = (Arc::clone(self), cancel.clone());
        thread::Builder::new().name("patchbay-reload".to_owned()).spawn(move || {
            lower_priority();
            reloader.work(watcher, &hints, &cancelled);
            // In this order: whoever waits for the task may then count on it that the reloader is free.
            drop(reloader);
            drop(ended);
        })?;
        Ok(tokio::spawn(async move {
            tokio::pin!(end);
            tokio::select! {
                () = cancel.cancelled() => {
                    // Full: it is about to wake anyway.
                    _ = hint.try_send(());
                    _ = end.await;
                }
                _ = &mut end => tracing::error!("the reload thread ended; changed files have no effect any more"),
            }
        }))
    }

    fn work(&self, mut watcher: Watcher, hints: &Receiver<()>, cancel: &CancellationToken) {
        let rescan = self.config.plugins.rescan.0;
        // While a large file is copied, hints come by the thousand.
        let least = self.config.plugins.settle.0 / 4;
        while !cancel.is_cancelled() {
            let begun = Instant::now();
            watcher.arm();
            let due = self.pass().due;
            let pause = due.map_or(rescan, |due| {
                Duration::from_millis(due.saturating_sub(self.clock.now()).max(1)).min(rescan)
            });
            if hints.recv_timeout(pause).is_ok() {
                thread::sleep(least.saturating_sub(begun.elapsed()));
            }
        }
    }
}

/// Leaves the processor to whoever serves. Threads that the compiler starts from here inherit it.
fn lower_priority() {
    // On Linux this is one thread's own; elsewhere it would be the whole process's.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "the reload thread keeps its priority");
    }
}
