//! Where the torture lets the host die: around each write and each step of what adapters do outside. Only in a build for
//! development, or with the feature `sabotage`, and there only where the environment says so.

/// Dies here, as by `kill -9`, if `PATCHBAY_CRASH` is `<name>:<n>` and this is the nth time.
#[cfg(any(debug_assertions, feature = "sabotage"))]
pub(crate) fn point(name: &str) {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };

    use rustix::process::{Signal, getpid, kill_process};

    static WANTED: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let wanted = std::env::var("PATCHBAY_CRASH").ok()?;
        let (name, n) = wanted.rsplit_once(':')?;
        Some((name.to_owned(), n.parse().ok()?))
    });
    static TIMES: AtomicU32 = AtomicU32::new(0);
    let Some((wanted, n)) = &*WANTED else { return };
    if wanted == name && TIMES.fetch_add(1, Ordering::Relaxed) + 1 == *n {
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// Nothing.
#[cfg(not(any(debug_assertions, feature = "sabotage")))]
pub(crate) fn point(_: &str) {}
