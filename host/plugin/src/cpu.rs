//! The CPU time of the current thread. `prepare` is bounded by it: its thread has the lowest priority, and on a busy host
//! a good plugin would be out of wall-clock time before it has run at all.

use std::{
    fs,
    time::{Duration, Instant},
};

/// A moment on the current thread's own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    cpu: Option<Duration>,
    wall: Instant,
}

// === impl Moment ===

impl Moment {
    pub(crate) fn now() -> Self {
        Self { cpu: cpu(), wall: Instant::now() }
    }

    /// CPU time since then; wall-clock time where the system does not tell. Ask on the same thread.
    pub(crate) fn elapsed(&self) -> Duration {
        let cpu = self.cpu.and_then(|then| Some(cpu()?.saturating_sub(then)));
        cpu.unwrap_or_else(|| self.wall.elapsed())
    }
}

/// Linux: nanoseconds on a processor, up to the last tick of the scheduler.
fn cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
