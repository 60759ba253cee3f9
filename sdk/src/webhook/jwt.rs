//! JSON Web Tokens (RFC 7519) that a webhook bears: who sends it, until when, and to whom.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Forged, scheme::needed};
use crate::{
    bindings::adapter::exports::patchbay::plugin::webhooks::Webhook,
    secrets::{Algorithm, verify},
    types::Timestamp,
};

/// Clocks differ by so much.
const LEEWAY: Duration = Duration::from_secs(60);
/// Longer ones are no token's.
const LONGEST: usize = 16 << 10;

/// A token that is expected. Which algorithm signs it is said here, and never by the token.
///
/// **The body is not part of it**: whoever overhears a request can send another body under its token until that expires.
/// Where the service puts a digest of the body into a claim, compare it; where it does not, let only TLS carry it.
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is checked before `check`"]
pub struct Jwt<'a> {
    algorithm: Algorithm,
    names: &'static [&'static str],
    secret: &'a str,
    header: &'a str,
    audience: Option<&'a str>,
    issuer: Option<&'a str>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    crit: Option<Value>,
}

/// HS256 with the shared key `secret`.
pub fn jwt_hs256(secret: &str) -> Jwt<'_> {
    Jwt::new(Algorithm::HmacSha256, &["HS256"], secret)
}

/// EdDSA with Ed25519 (RFC 8037); `secret` is the service's public key.
pub fn jwt_eddsa(secret: &str) -> Jwt<'_> {
    Jwt::new(Algorithm::Ed25519, &["EdDSA", "Ed25519"], secret)
}

// === impl Jwt ===

impl<'a> Jwt<'a> {
    fn new(algorithm: Algorithm, names: &'static [&'static str], secret: &'a str) -> Self {
        Self { algorithm, names, secret, header: "authorization", audience: None, issuer: None }
    }

    /// Where the token stands, behind `Bearer` or alone. Without this: in `Authorization`.
    pub fn header(mut self, name: &'a str) -> Self {
        self.header = name;
        self
    }

    /// Us, as the service knows us: `aud` is this, or has it among others. Without this, a token that says for whom it is
    /// is not for us.
    pub fn audience(mut self, us: &'a str) -> Self {
        self.audience = Some(us);
        self
    }

    /// The service: `iss` is this. Without this, anybody who has the key.
    pub fn issuer(mut self, them: &'a str) -> Self {
        self.issuer = Some(them);
        self
    }

    /// Checks the token of `webhook`; answers its claims. It has to say when it expires (`exp`); that and `nbf` are taken
    /// with a minute's grace.
    ///
    /// # Errors
    /// See [`Forged`].
    pub fn check(&self, webhook: &Webhook, now: Timestamp) -> Result<Map<String, Value>, Forged> {
        let unreadable = || Forged::Header(self.header.to_owned());
        let token = bare(needed(webhook, self.header)?);
        if token.len() > LONGEST {
            return Err(unreadable());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(unreadable)?;
        let (head, claims) = signed.split_once('.').ok_or_else(unreadable)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| unreadable());
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| unreadable())?;
        // What it calls critical (RFC 7515, 4.1.11) changes its meaning in a way that is not known here.
        if head.crit.is_some() || !self.names.contains(&head.alg.as_str()) {
            return Err(unreadable());
        }
        let (claims, signature) = (decode(claims)?, decode(signature)?);
        if !verify(self.algorithm, self.secret, signed.as_bytes(), &signature) {
            return Err(Forged::Signature);
        }
        let claims: Map<String, Value> = serde_json::from_slice(&claims).map_err(|_| unreadable())?;
        self.claims(&claims, now)?;
        Ok(claims)
    }

    fn claims(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Forged> {
        // Seconds, perhaps with a fraction.
        let time = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(at) => at.as_f64().map(Some).ok_or(Forged::Claim(name)),
        };
        let (now, leeway) = (Duration::from_millis(now).as_secs_f64(), LEEWAY.as_secs_f64());
        let expires = time("exp")?.ok_or(Forged::Claim("exp"))?;
        if now >= expires + leeway || time("nbf")?.is_some_and(|begins| now < begins - leeway) {
            return Err(Forged::Stale);
        }
        let is_ours = match (claims.get("aud"), self.audience) {
            (None, None) => true,
            (Some(Value::String(one)), Some(us)) => one == us,
            (Some(Value::Array(many)), Some(us)) => many.iter().any(|one| one == us),
            _ => false,
        };
        if !is_ours {
            return Err(Forged::Claim("aud"));
        }
        if self.issuer.is_some_and(|them| claims.get("iss").is_none_or(|iss| iss != them)) {
            return Err(Forged::Claim("iss"));
        }
        Ok(())
    }
}

/// What stands behind `Bearer`, in whatever case.
fn bare(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value.trim(),
    }
}

#[cfg(test)]
mod tests;
