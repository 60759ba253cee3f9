//! Links to files of a homeserver, for somebody who has no account there: the host opens what it signed itself, for as
//! long as it said. A link names all that is needed to open it, so that nothing has to be stored.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use patchbay_types::{Millis, RegistrationId, TenantId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::media::Mxc;

/// Characters of a signature: 192 bits.
const SIGNATURE: usize = 32;
/// The longest token.
const TOKEN: usize = 4 << 10;

/// Makes links, and reads its own.
#[derive(Clone)]
pub struct Links {
    key: Arc<[u8; 64]>,
    base: Arc<str>,
}

/// A file that a link opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The homeserver that has it, by its registration.
    #[serde(rename = "r")]
    pub registration: RegistrationId,
    /// Its address there.
    #[serde(rename = "m")]
    pub mxc: String,
    /// The name to save it under.
    #[serde(rename = "n")]
    pub name: String,
    /// What it says it is.
    #[serde(rename = "t")]
    pub mime_type: String,
    /// The link opens nothing from then on.
    #[serde(rename = "e")]
    pub until: Millis,
}

// === impl Links ===

impl Links {
    /// Links below `base`, such as `https://hooks.example.org`, signed with the host's key.
    #[must_use]
    pub fn new(key: &[u8; 32], base: &str) -> Self {
        // HMAC (RFC 2104) fills a shorter key up with zeros itself: a key of a whole block needs no check.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Self { key: Arc::new(block), base: base.trim_end_matches('/').into() }
    }

    /// The link to a file of this tenant's.
    #[must_use]
    pub fn link(&self, tenant: &TenantId, file: &Linked) -> String {
        let named = URL_SAFE_NO_PAD.encode(serde_json::to_vec(file).unwrap_or_default());
        format!("{}/media/{tenant}/{named}.{}", self.base, self.signature(tenant.as_str(), &named))
    }

    /// The file that a token opens at `now`; nothing, where it is not of our making, not this tenant's, or over.
    #[must_use]
    pub fn open(&self, tenant: &str, token: &str, now: Millis) -> Option<Linked> {
        let (named, shown) = token.split_once('.').filter(|_| token.len() <= TOKEN)?;
        let right: bool = self.signature(tenant, named).as_bytes().ct_eq(shown.as_bytes()).into();
        if !right {
            return None;
        }
        let file: Linked = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(named).ok()?).ok()?;
        (now < file.until && Mxc::parse(&file.mxc).is_some()).then_some(file)
    }

    /// HMAC-SHA256 over `media`, a zero byte, the tenant, a zero byte and what the link names: nothing that the same key
    /// signs for a webhook's door begins like this.
    fn signature(&self, tenant: &str, named: &str) -> String {
        let mut mac = Hmac::<Sha256>::new((&*self.key).into());
        for part in ["media", "\0", tenant, "\0", named] {
            mac.update(part.as_bytes());
        }
        let mut signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        signature.truncate(SIGNATURE);
        signature
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Linked {
        Linked {
            registration: "patchbay".into(),
            mxc: "mxc://h/a".into(),
            name: "\u{e4} b.pdf".into(),
            mime_type: "application/pdf".into(),
            until: 1000,
        }
    }

    #[test]
    fn a_link_opens_its_own_file_for_its_own_tenant_until_it_is_over() {
        let links = Links::new(&[7; 32], "https://hooks.example.org/in/");
        let link = links.link(&"acme".into(), &file());
        let token = link.strip_prefix("https://hooks.example.org/in/media/acme/").unwrap();
        assert_eq!(links.open("acme", token, 999), Some(file()));
        assert_eq!(links.open("acme", token, 1000), None, "over");
        assert_eq!(links.open("globex", token, 0), None);
        assert_eq!(Links::new(&[8; 32], "").open("acme", token, 0), None);
        let other = links.link(&"acme".into(), &Linked { until: 9999, ..file() });
        let (_, other) = other.rsplit_once('/').unwrap();
        let (named, _) = other.split_once('.').unwrap();
        let (_, signature) = token.split_once('.').unwrap();
        for forged in
            [format!("{named}.{signature}"), token[..token.len() - 1].to_owned(), String::new(), ".".into()]
        {
            assert_eq!(links.open("acme", &forged, 0), None, "{forged}");
        }
    }
}
