//! A tenant's secrets, narrowed to those that one slot was granted. Values are looked up when they are used, and again
//! after a few seconds, so that one that was changed in its file is seen without a restart.
//!
//! A value leaves in two ways alone: in a request to one of the secret's own hosts, and as a signature.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use patchbay_types::{Clock, SystemClock, egress::SecretConfig};
use url::Url;

use crate::{
    mask::Mask,
    request::Failure,
    secrets::live::{Live, Value},
};

mod live;
mod verify;

/// Cheap to clone; clones share what was looked up.
#[derive(Clone)]
pub struct Secrets(Arc<BTreeMap<String, Option<Live>>>);

/// How a signature is checked or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// The signature is the secret's value itself, such as a token in a header; the data does not matter.
    Equal,
    /// HMAC (RFC 2104) with SHA-1.
    HmacSha1,
    /// HMAC (RFC 2104) with SHA-256.
    HmacSha256,
    /// RFC 8032. The value is the public key.
    Ed25519,
}

// === impl Secrets ===

impl Secrets {
    /// Those of `all` that are `granted`; files are looked for in `dir`. Nothing is read yet.
    #[must_use]
    pub fn new(dir: &Path, all: &BTreeMap<String, SecretConfig>, granted: &[String]) -> Self {
        Self::with_clock(dir, all, granted, Arc::new(SystemClock))
    }

    /// The same, with a clock that says when a value is looked up again.
    #[must_use]
    pub fn with_clock(
        dir: &Path,
        all: &BTreeMap<String, SecretConfig>,
        granted: &[String],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let live = |name: &String| all.get(name).map(|config| Live::new(config, dir, Arc::clone(&clock)));
        Self(Arc::new(granted.iter().map(|name| (name.clone(), live(name))).collect()))
    }

    /// No secret.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// What is missing now, by the secret's name: an environment variable, a file. Empty when all is there.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let mut missing = Vec::new();
        for (name, live) in self.0.iter() {
            match live {
                None => missing.push((name.clone(), "it is none of this tenant's secrets".to_owned())),
                Some(live) => {
                    let found = live.look();
                    missing.extend(
                        found.iter().filter_map(|value| Some((name.clone(), value.as_ref().err()?.clone()))),
                    );
                }
            }
        }
        missing
    }

    /// Whether `signature` is right for `data` under any live value. Takes the same time for a wrong one as for a right
    /// one. False for a secret that was not granted or has no value.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, name: &str, data: &[u8], signature: &[u8]) -> bool {
        let Some(Some(live)) = self.0.get(name) else { return false };
        let mut right = false;
        for value in live.look().iter().flatten() {
            right |= verify::fits(algorithm, value, data, signature);
        }
        right
    }

    /// The signature of `data` under the secret's first value.
    ///
    /// # Errors
    /// With a sentence, when the secret was not granted, may not sign, has no value, or the algorithm does not sign.
    pub fn sign(&self, algorithm: Algorithm, name: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        let live = self.granted(name)?;
        if !live.config().sign {
            return Err(format!(
                "the secret `{name}` may not sign: say `sign = true` where it is configured"
            ));
        }
        let value = first(name, live)?;
        verify::sign(algorithm, &value, data).map_err(|why| format!("the secret `{name}` cannot sign: {why}"))
    }

    /// The value that goes to `url`.
    pub(crate) fn value_for(&self, name: &str, url: &Url) -> Result<Value, Failure> {
        let live = self.granted(name).map_err(Failure::Denied)?;
        if !live.may_go_to(url) {
            let origin = url.origin().ascii_serialization();
            let why = format!("the secret `{name}` may not go to {origin}: its `hosts` do not hold it");
            return Err(Failure::Denied(why));
        }
        first(name, live).map_err(Failure::Unreachable)
    }

    /// Whether the secret may go to `url`.
    pub(crate) fn may_go_to(&self, name: &str, url: &Url) -> bool {
        matches!(self.0.get(name), Some(Some(live)) if live.may_go_to(url))
    }

    /// Hides every live value in a text that somebody may read, such as a trace.
    pub fn hide(&self, text: &mut String) {
        let mask = self.mask_where(|_| true);
        if mask.finds(text) {
            *text = mask.in_text(text);
        }
    }

    /// Hides every live value that any server can have been told: a server may say today what it learned yesterday.
    pub(crate) fn mask(&self) -> Mask {
        self.mask_where(|live| live.is_sent())
    }

    /// Finds what `url` must not be told.
    pub(crate) fn mask_of_what_may_not_go_to(&self, url: &Url) -> Mask {
        self.mask_where(|live| !live.may_go_to(url))
    }

    fn mask_where(&self, wanted: impl Fn(&Live) -> bool) -> Mask {
        let mut mask = Mask::default();
        for live in self.0.values().flatten().filter(|live| wanted(live)) {
            for value in live.look().iter().flatten() {
                mask.add(value.expose());
            }
        }
        mask
    }

    fn granted(&self, name: &str) -> Result<&Live, String> {
        match self.0.get(name) {
            Some(Some(live)) => Ok(live),
            _ => Err(format!("the secret `{name}` is not granted: name it under `grants.secrets`")),
        }
    }
}

fn first(name: &str, live: &Live) -> Result<Value, String> {
    match live.look().first() {
        Some(Ok(value)) => Ok(value.clone()),
        Some(Err(why)) => {
            // Where it should be is the operator's to know.
            tracing::warn!(secret = name, why, "a secret has no value");
            Err(format!("the secret `{name}` has no value now"))
        }
        None => Err(format!("the secret `{name}` has no place to come from")),
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
