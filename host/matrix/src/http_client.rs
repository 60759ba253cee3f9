//! The HTTP client towards homeservers, built in one place, where its limits are known.

use std::time::Duration;

/// How long a connection may take to be made, within the time of a whole request.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for homeservers: no redirects, which would carry the token elsewhere; no proxy, since the configuration
/// names the address to call; every request is given up after `timeout`.
///
/// # Errors
/// When the machine's certificates cannot be loaded.
pub fn build(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("patchbay/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout)
        .build()
}
