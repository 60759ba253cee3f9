//! A call into a plugin and its three outcomes: a value, an error that the guest returned, a fault.

use std::{fmt, sync::Arc, time::Duration};

use patchbay_types::{Digest, TenantId};
use serde::{Deserialize, Serialize};

/// For whom and about what a call is made: goes into log lines and metrics, never into the guest.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub tenant: TenantId,
    /// The slot: `mapper`, `router`, `adapters.<name>`.
    pub slot: Arc<str>,
    /// The Matrix event ID or the entry's identifier that the call is about, where there is one.
    pub about: Option<Arc<str>>,
}

/// A value with the time that it took and the fuel it used, where that is metered.
#[derive(Debug, Clone)]
pub struct Timed<T> {
    /// What the guest answered.
    pub value: T,
    /// Wall-clock time of the call, instantiation included.
    pub took: Duration,
    /// Instructions, on the metered engine.
    pub fuel: Option<u64>,
}

/// Why a call gave no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum CallError {
    /// The guest said so itself, in the contract's own words. Not a fault: it counts toward no breaker.
    #[error("the plugin answered an error: {0}")]
    Guest(String),
    /// The sandbox ended the call.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The sandbox ended a call: named with the component, so that blame is exact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{kind}: {detail} (component {})", component.short())]
pub struct Fault {
    /// Which wall was hit.
    pub kind: FaultKind,
    /// In a sentence, with a short wasm backtrace where there is one; cut to 2 KiB.
    pub detail: String,
    /// The component.
    pub component: Digest,
}

/// Which wall a guest hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It trapped: a panic, `unreachable`, a stack overflow, an access out of bounds.
    Trap,
    /// Its time was over, whether or not it ever called the host.
    Timeout,
    /// Its fuel was used up.
    Fuel,
    /// It wanted more memory or table space than granted.
    Memory,
    /// Its answer was larger, deeper or longer than allowed.
    Output,
    /// It called the host more often than allowed.
    HostCalls,
}

// === impl FaultKind ===

impl FaultKind {
    /// The word that metrics and logs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::HostCalls => "host-calls",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
