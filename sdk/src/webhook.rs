//! Whether a webhook is what it says it is. The secret stays with the host, which tries each live value of it in
//! constant time; here is only what was signed, how, and where the signature stands.
//!
//! ```
//! use patchbay_sdk::{clock, prelude::*, webhook};
//!
//! fn accept(hook: &Webhook) -> Answer {
//!     match webhook::standard_webhooks(hook, "hook-secret", clock::now()) {
//!         Ok(()) => Answer::keep(),
//!         Err(forged) => forged.into(),
//!     }
//! }
//! ```
//!
//! Other schemes are said in words. What a service calls its scheme, from its manual:
//!
//! ```
//! use std::time::Duration;
//! use patchbay_sdk::webhook::{Over, hmac_sha1, hmac_sha256, token};
//!
//! // `X-Hub-Signature-256: sha256=<hex>` over the body, as Meta has it.
//! let meta = hmac_sha256("app-secret").header("x-hub-signature-256").prefix("sha256=").hex();
//! // `X-Hub-Signature: sha1=<hex>` over the body: Zammad, Intercom.
//! let zammad = hmac_sha1("hook-secret").header("x-hub-signature").prefix("sha1=").hex();
//! // Chatwoot: hex over `timestamp.body`.
//! let chatwoot = hmac_sha256("hook-secret")
//!     .header("x-chatwoot-signature")
//!     .prefix("sha256=")
//!     .hex()
//!     .seconds("x-chatwoot-timestamp", Duration::from_secs(300))
//!     .over(&[Over::Header("x-chatwoot-timestamp"), Over::Text("."), Over::Body]);
//! // Zendesk: base64 over the timestamp and the body. Its timestamp is a date.
//! let zendesk = hmac_sha256("hook-secret")
//!     .header("x-zendesk-webhook-signature")
//!     .base64()
//!     .date("x-zendesk-webhook-signature-timestamp", Duration::from_secs(300))
//!     .over(&[Over::Header("x-zendesk-webhook-signature-timestamp"), Over::Body]);
//! // HubSpot, version 3: base64 over method, URL, body and a timestamp in milliseconds.
//! let hubspot = hmac_sha256("client-secret")
//!     .header("x-hubspot-signature-v3")
//!     .base64()
//!     .millis("x-hubspot-request-timestamp", Duration::from_secs(300))
//!     .over(&[Over::Method, Over::Url, Over::Body, Over::Header("x-hubspot-request-timestamp")]);
//! // A fixed token in a header.
//! let fixed = token("hook-token").header("x-gitlab-token");
//! # let _ = (meta, zammad, chatwoot, zendesk, hubspot, fixed);
//! ```
//!
//! A token in `Authorization` says who sends, and nothing of what is sent:
//!
//! ```
//! use patchbay_sdk::webhook::{jwt_eddsa, jwt_hs256};
//!
//! let shared = jwt_hs256("hook-secret").audience("patchbay");
//! let public = jwt_eddsa("service-key").audience("patchbay").issuer("https://crm.example.org");
//! # let _ = (shared, public);
//! ```
//!
//! What the host cannot verify (RS256, ES256 and HMAC-SHA512 among others, and client certificates) cannot be said here:
//! let the proxy in front of `listen.hooks` verify it, and pass on a fixed header that it alone knows, for [`token`].

mod jwt;
mod scheme;
mod standard;
mod time;

pub use jwt::{Jwt, jwt_eddsa, jwt_hs256};
pub use scheme::{Over, Scheme, ed25519, hmac_sha1, hmac_sha256, token};
pub use standard::standard_webhooks;

use crate::bindings::adapter::exports::patchbay::plugin::webhooks::Answer;

/// Why a webhook is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// A header is missing, or none that can be read.
    #[error("the header `{0}` is missing or unreadable")]
    Header(String),
    /// It was signed too long ago, or in the future.
    #[error("it was not signed just now")]
    Stale,
    /// The signature is not the secret's.
    #[error("the signature is wrong")]
    Signature,
    /// A claim of its token is missing, or says that it is not for us.
    #[error("the claim `{0}` is missing or not ours")]
    Claim(&'static str),
}

/// 401, and nothing about what is wrong: who forges should not learn it.
impl From<Forged> for Answer {
    fn from(_: Forged) -> Self {
        Self::refuse(401)
    }
}
