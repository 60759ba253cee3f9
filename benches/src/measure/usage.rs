//! What processes use, from Linux's `/proc`: CPU of the host with all its threads, its memory, and what everybody else
//! on the machine used meanwhile, by which a run is thrown away.

use std::{fs, time::Instant};

use anyhow::Context;
use serde::Serialize;

/// The kernel tells CPU time in hundredths of a second, on every architecture.
const TICKS: f64 = 100.0;

/// With more than this of a core used by others, a run says little.
pub const NOISE: f64 = 0.25;

/// What was used between two moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Usage {
    /// CPU seconds of the host.
    pub host_cpu: f64,
    /// CPU seconds of this program.
    pub own_cpu: f64,
    /// Cores that everybody else kept busy.
    pub others: f64,
    /// The host's memory at the end, in MiB.
    pub rss_mib: f64,
    /// The most that it was since the watch began.
    pub peak_mib: f64,
}

/// A moment, to measure from.
#[derive(Debug, Clone)]
pub struct Watch {
    pid: u32,
    at: Instant,
    host: f64,
    own: f64,
    machine: f64,
}

// === impl Watch ===

impl Watch {
    /// Begins to watch the process `pid`.
    ///
    /// # Errors
    /// When it does not exist, or there is no `/proc`.
    pub fn start(pid: u32) -> anyhow::Result<Self> {
        // What it held before, such as while it compiled components, is not what this is about. Where the kernel does
        // not let us, the figure is higher than it need be.
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        let own = cpu(std::process::id())?;
        Ok(Self { pid, at: Instant::now(), host: cpu(pid)?, own, machine: busy()? })
    }

    /// What was used since.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        let host_cpu = cpu(self.pid)? - self.host;
        // Watching oneself counts once.
        let own_cpu = if self.pid == std::process::id() { 0.0 } else { cpu(std::process::id())? - self.own };
        let machine = busy()? - self.machine;
        let others = (machine - host_cpu - own_cpu).max(0.0) / self.at.elapsed().as_secs_f64().max(0.01);
        let (rss_mib, peak_mib) = memory(self.pid)?;
        Ok(Usage { host_cpu, own_cpu, others, rss_mib, peak_mib })
    }
}

// === impl Usage ===

impl Usage {
    /// Whether others disturbed the run.
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        self.others > NOISE
    }
}

/// MiB of memory that a process holds now, and the most it held since its peak was last forgotten.
///
/// # Errors
/// When the process is gone.
pub fn memory(pid: u32) -> anyhow::Result<(f64, f64)> {
    let status = read(&format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    };
    Ok((field("VmRSS:").context("no VmRSS")?, field("VmHWM:").context("no VmHWM")?))
}

/// CPU seconds of a process and its threads.
fn cpu(pid: u32) -> anyhow::Result<f64> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold anything; 11 fields follow it before utime and stime.
    let (_, rest) = stat.rsplit_once(')').context("no process name")?;
    let times: f64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(times / TICKS)
}

/// CPU seconds that the machine spent in programs and the kernel; interrupts belong to nobody.
fn busy() -> anyhow::Result<f64> {
    let stat = read("/proc/stat")?;
    let line = stat.lines().next().context("an empty /proc/stat")?;
    let user_nice_system =
        line.split_whitespace().skip(1).take(3).filter_map(|field| field.parse::<f64>().ok());
    Ok(user_nice_system.sum::<f64>() / TICKS)
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_as_cpu_time_of_the_process_that_did_it() {
        let watch = Watch::start(std::process::id()).unwrap();
        let mut n = 0_u64;
        while watch.usage().unwrap().host_cpu < 0.05 {
            n = std::hint::black_box(n.wrapping_mul(31).wrapping_add(7));
        }
        let usage = watch.usage().unwrap();
        assert!(usage.rss_mib > 1.0 && usage.peak_mib >= usage.rss_mib, "{usage:?}");
    }
}
