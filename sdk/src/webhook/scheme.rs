//! Signature schemes in words: what is signed, by which algorithm, and where the signature stands.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Forged,
    time::{Unit, within},
};
use crate::{
    bindings::adapter::exports::patchbay::plugin::webhooks::Webhook,
    secrets::{Algorithm, verify},
    types::Timestamp,
};

/// How a service signs its webhooks. Over the body, in hex, unless said otherwise.
#[derive(Debug, Clone)]
#[must_use = "nothing is checked before `check`"]
pub struct Scheme<'a> {
    algorithm: Algorithm,
    secret: &'a str,
    header: &'a str,
    prefix: &'a str,
    encoding: Encoding,
    time: Option<Time<'a>>,
    over: &'a [Over<'a>],
}

/// A piece of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// The body, byte for byte.
    Body,
    /// A header's value.
    Header(&'a str),
    /// What the service puts between.
    Text(&'a str),
    /// The method in upper case.
    Method,
    /// The absolute URL.
    Url,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Plain,
    Hex,
    Base64,
}

#[derive(Debug, Clone, Copy)]
struct Time<'a> {
    header: &'a str,
    unit: Unit,
    window: Duration,
}

/// HMAC-SHA256 with `secret`.
pub fn hmac_sha256(secret: &str) -> Scheme<'_> {
    Scheme::new(Algorithm::HmacSha256, secret, Encoding::Hex)
}

/// HMAC-SHA1 with `secret`.
pub fn hmac_sha1(secret: &str) -> Scheme<'_> {
    Scheme::new(Algorithm::HmacSha1, secret, Encoding::Hex)
}

/// Ed25519; `secret` is the service's public key.
pub fn ed25519(secret: &str) -> Scheme<'_> {
    Scheme::new(Algorithm::Ed25519, secret, Encoding::Hex)
}

/// No signature: the header holds `secret` itself.
pub fn token(secret: &str) -> Scheme<'_> {
    Scheme::new(Algorithm::Equal, secret, Encoding::Plain)
}

// === impl Scheme ===

impl<'a> Scheme<'a> {
    fn new(algorithm: Algorithm, secret: &'a str, encoding: Encoding) -> Self {
        Self { algorithm, secret, header: "", prefix: "", encoding, time: None, over: &[Over::Body] }
    }

    /// Where the signature stands.
    pub fn header(mut self, name: &'a str) -> Self {
        self.header = name;
        self
    }

    /// What stands before the signature, such as `sha256=`.
    pub fn prefix(mut self, prefix: &'a str) -> Self {
        self.prefix = prefix;
        self
    }

    /// The signature is in hex.
    pub fn hex(mut self) -> Self {
        self.encoding = Encoding::Hex;
        self
    }

    /// The signature is in Base64.
    pub fn base64(mut self) -> Self {
        self.encoding = Encoding::Base64;
        self
    }

    /// What is signed, end to end.
    pub fn over(mut self, over: &'a [Over<'a>]) -> Self {
        self.over = over;
        self
    }

    /// This header is a Unix time in seconds, at most `window` from now. It should be signed too.
    pub fn seconds(mut self, header: &'a str, window: Duration) -> Self {
        self.time = Some(Time { header, unit: Unit::Seconds, window });
        self
    }

    /// This header is a Unix time in milliseconds, at most `window` from now. It should be signed too.
    pub fn millis(mut self, header: &'a str, window: Duration) -> Self {
        self.time = Some(Time { header, unit: Unit::Millis, window });
        self
    }

    /// This header is a date (RFC 3339), at most `window` from now. It should be signed too.
    pub fn date(mut self, header: &'a str, window: Duration) -> Self {
        self.time = Some(Time { header, unit: Unit::Date, window });
        self
    }

    /// Checks `webhook`.
    ///
    /// # Errors
    /// See [`Forged`].
    pub fn check(&self, webhook: &Webhook, now: Timestamp) -> Result<(), Forged> {
        let value = needed(webhook, self.header)?;
        let unreadable = || Forged::Header(self.header.to_owned());
        let signature = value.strip_prefix(self.prefix).ok_or_else(unreadable)?;
        let signature = match self.encoding {
            Encoding::Plain => signature.as_bytes().to_vec(),
            Encoding::Hex => hex::decode(signature).map_err(|_| unreadable())?,
            Encoding::Base64 => STANDARD.decode(signature).map_err(|_| unreadable())?,
        };
        self.check_signature(webhook, &signature, now)
    }

    /// Checks `webhook` against a signature that was found otherwise, as where it stands in a larger value.
    ///
    /// # Errors
    /// See [`Forged`].
    pub fn check_signature(&self, webhook: &Webhook, signature: &[u8], now: Timestamp) -> Result<(), Forged> {
        if let Some(Time { header, unit, window }) = self.time {
            let at = unit.read(needed(webhook, header)?).ok_or_else(|| Forged::Header(header.to_owned()))?;
            if !within(at, now, window) {
                return Err(Forged::Stale);
            }
        }
        let right = match (self.algorithm, self.over) {
            (Algorithm::Equal, _) => verify(self.algorithm, self.secret, signature, signature),
            (algorithm, [Over::Body]) => verify(algorithm, self.secret, &webhook.body, signature),
            (algorithm, _) => verify(algorithm, self.secret, &self.data(webhook)?, signature),
        };
        if right { Ok(()) } else { Err(Forged::Signature) }
    }

    fn data(&self, webhook: &Webhook) -> Result<Vec<u8>, Forged> {
        let mut data = Vec::with_capacity(webhook.body.len() + 128);
        for over in self.over {
            match over {
                Over::Body => data.extend_from_slice(&webhook.body),
                Over::Header(name) => data.extend_from_slice(needed(webhook, name)?.as_bytes()),
                Over::Text(text) => data.extend_from_slice(text.as_bytes()),
                Over::Method => data.extend_from_slice(webhook.method.to_ascii_uppercase().as_bytes()),
                Over::Url => data.extend_from_slice(webhook.url.as_bytes()),
            }
        }
        Ok(data)
    }
}

pub(super) fn needed<'a>(webhook: &'a Webhook, header: &str) -> Result<&'a str, Forged> {
    webhook.header(header).ok_or_else(|| Forged::Header(header.to_owned()))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
