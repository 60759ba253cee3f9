//! Who answers what a plugin asks of the host: the host itself in a sandbox, and everywhere else the one that a test
//! made with [`testing::Host`](crate::testing::Host).

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::base::patchbay::plugin::{clock, desk, http, log, secrets, store};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::imports::{clock, desk, http, log, secrets, store};
