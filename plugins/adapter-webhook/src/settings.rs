//! What a tenant can set.

use patchbay_sdk::{
    http::{Request, secret},
    prelude::*,
};
use serde::Deserialize;

/// Where envelopes go, and what is in them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Every envelope is posted here.
    pub(crate) url: String,
    /// The secret that signs envelopes. It needs `sign = true`.
    #[serde(default = "webhook")]
    pub(crate) secret: String,
    /// The secret that webhooks sent to us are signed with. Absent: the same one.
    #[serde(default)]
    pub(crate) inbound_secret: Option<String>,
    /// A secret that is sent as `Authorization: Bearer …` besides the signature.
    #[serde(default)]
    pub(crate) bearer: Option<String>,
    /// Tell of people, before the first message of each.
    #[serde(default = "yes")]
    pub(crate) contacts: bool,
    /// Send files. Otherwise a message only tells that there is one.
    #[serde(default = "yes")]
    pub(crate) files: bool,
    /// Tell who types and who has read what.
    #[serde(default)]
    pub(crate) signals: bool,
}

fn webhook() -> String {
    "webhook".to_owned()
}

fn yes() -> bool {
    true
}

// === impl Settings ===

impl Settings {
    /// # Errors
    /// When the URL is none.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let whole = ["https://", "http://"].iter().any(|scheme| {
            self.url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        });
        if whole {
            Ok(())
        } else {
            Err(problem("/url", "a URL such as https://crm.example.org/hooks/patchbay"))
        }
    }

    pub(crate) fn inbound(&self) -> &str {
        self.inbound_secret.as_deref().unwrap_or(&self.secret)
    }

    pub(crate) fn authorised(&self, request: Request) -> Request {
        match &self.bearer {
            Some(name) => request.bearer(secret(name)),
            None => request,
        }
    }
}
