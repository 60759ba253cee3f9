//! The clock of the sandboxes: an engine's epoch is its age in milliseconds. A guest compares it with its deadline at
//! every loop and function, so that it is ended even if it never calls the host.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use wasmtime::Engine;

/// Length of an epoch.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Ticks for as long as the engine lives.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn start(engine: &Engine) -> io::Result<()> {
    let weak = engine.weak();
    let tick = move || {
        let mut next = Instant::now() + TICK;
        while let Some(engine) = weak.upgrade() {
            // A ticker that was kept from running makes up for it: deadlines are promised in time, not in ticks.
            while next <= Instant::now() {
                engine.increment_epoch();
                next += TICK;
            }
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("patchbay-epoch".to_owned()).spawn(tick).map(drop)
}

/// How many ticks are at least `time`.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX)) + 1
}
