//! The time of the call. It stands still while the call runs, so that a replay sees the same.

use crate::{host::clock as host, types::Timestamp};

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn now() -> Timestamp {
    host::now()
}
