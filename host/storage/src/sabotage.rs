//! Promises broken on purpose, so that the checker can prove that it notices. Only in a host built with the feature
//! `sabotage`, and there only what the environment variable `PATCHBAY_SABOTAGE` names.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

static MODE: LazyLock<String> = LazyLock::new(|| std::env::var("PATCHBAY_SABOTAGE").unwrap_or_default());

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// `dedup`: a repeated event is taken for a new one.
    Dedup,
    /// `early-answer`: a transaction is answered before it is committed.
    EarlyAnswer,
    /// `lanes`: a lane's events are handled at the same time.
    Lanes,
}

// === impl Sabotage ===

impl Sabotage {
    /// Whether this promise is to be broken.
    #[must_use]
    pub fn is_on(self) -> bool {
        *MODE
            == match self {
                Self::Dedup => "dedup",
                Self::EarlyAnswer => "early-answer",
                Self::Lanes => "lanes",
            }
    }
}

/// `key`, made different from every other one.
#[must_use]
pub fn unlike_any(key: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{key}#{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
