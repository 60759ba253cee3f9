//! [Standard Webhooks](https://www.standardwebhooks.com/), both ways.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Older or younger ones are not believed.
const WINDOW: Duration = Duration::from_secs(300);

/// What is signed with.
#[derive(Clone)]
pub struct Key(Vec<u8>);

// === impl Key ===

impl Key {
    /// `whsec_` and Base64, or any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let decoded = text.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
        Self(decoded.unwrap_or_else(|| text.as_bytes().to_vec()))
    }

    fn mac(&self, id: &str, seconds: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).ok()?;
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(mac)
    }
}

/// Seconds since the Unix epoch.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the protocol is about the time on the wall")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The value of `webhook-signature`.
#[must_use]
pub fn sign(key: &Key, id: &str, seconds: u64, body: &[u8]) -> String {
    let mac = key.mac(id, &seconds.to_string(), body);
    format!("v1,{}", STANDARD.encode(mac.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()))
}

/// The identifier of what is signed rightly, and just now.
///
/// # Errors
/// With what is wrong.
pub fn verify<'a>(key: &Key, headers: &'a HeaderMap, signed: &[u8]) -> Result<&'a str, String> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| format!("the header `{name}` is missing"))
    };
    let (id, seconds, signatures) =
        (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let at: u64 = seconds.parse().map_err(|_| "`webhook-timestamp` is no number".to_owned())?;
    if at.abs_diff(now()) > WINDOW.as_secs() {
        return Err("`webhook-timestamp` is too far from now".to_owned());
    }
    let right = |signature: &str| {
        let given = signature.strip_prefix("v1,").and_then(|given| STANDARD.decode(given).ok());
        let mac = key.mac(id, seconds, signed);
        given.zip(mac).is_some_and(|(given, mac)| mac.verify_slice(&given).is_ok())
    };
    if signatures.split(' ').any(right) { Ok(id) } else { Err("`webhook-signature` is wrong".to_owned()) }
}
