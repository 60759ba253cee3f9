//! Two runtimes: one answers homeservers and stores, the other is where guests compute. However busy guests are, the
//! threads that answer are not theirs.

use std::{num::NonZero, thread, time::Duration};

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle, Runtime};

/// What still blocks at the end, such as a compiler, is given so long.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The host's two runtimes.
pub(crate) struct Runtimes {
    serving: Runtime,
    plugins: Runtime,
    /// How many threads guests compute on.
    pub(crate) threads: usize,
}

// === impl Runtimes ===

impl Runtimes {
    /// Starts both, sized to the machine.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        // One more than cores: some of the work waits for the database's commit.
        let threads = cores + 1;
        let serving = start("serving", cores)?;
        let plugins = start("plugins", threads)?;
        Ok(Self { serving, plugins, threads })
    }

    /// Where guests compute.
    pub(crate) fn plugins(&self) -> Handle {
        self.plugins.handle().clone()
    }

    /// Runs `main` on the runtime that serves, then ends both.
    pub(crate) fn run<T>(self, main: impl Future<Output = T>) -> T {
        let result = self.serving.block_on(main);
        self.plugins.shutdown_timeout(LAST_WAIT);
        self.serving.shutdown_timeout(LAST_WAIT);
        result
    }
}

fn start(name: &str, threads: usize) -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(name)
        .enable_all()
        .build()
        .with_context(|| format!("cannot start {threads} threads for `{name}`"))
}
