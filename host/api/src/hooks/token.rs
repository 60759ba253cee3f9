//! The token in a webhook's URL. It follows from the host's key and the door's name, so that nothing has to be stored,
//! and a door is given another one by counting up `hook-rotation`.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Characters of a token: 192 bits.
const TOKEN: usize = 32;

/// The host's key. It shows itself to nobody.
#[derive(Clone)]
pub struct HookKey(Arc<[u8; 64]>);

// === impl HookKey ===

impl HookKey {
    /// Takes the key in clear.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC (RFC 2104) fills a shorter key up with zeros itself: a key of a whole block needs no check.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Self(Arc::new(block))
    }

    /// The token of one door: HMAC-SHA256 over `tenant/adapter/rotation`, in base64url, cut.
    #[must_use]
    pub fn token(&self, tenant: &str, adapter: &str, rotation: u32) -> String {
        let mut mac = Hmac::<Sha256>::new((&*self.0).into());
        for part in [tenant, "/", adapter, "/", &rotation.to_string()] {
            mac.update(part.as_bytes());
        }
        let mut token = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        token.truncate(TOKEN);
        token
    }

    /// Whether `shown` is that token: in a time that says nothing about it.
    pub(super) fn is_token(&self, shown: &str, tenant: &str, adapter: &str, rotation: u32) -> bool {
        self.token(tenant, adapter, rotation).as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for HookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_doors_alone_and_stays_the_same() {
        let key = HookKey::new(&[7; 32]);
        let token = key.token("acme", "crm", 0);
        assert_eq!((token.len(), key.token("acme", "crm", 0)), (32, token.clone()));
        assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert!(key.is_token(&token, "acme", "crm", 0));
        for (tenant, adapter, rotation) in [
            ("acme", "crm", 1),
            ("acme", "desk", 0),
            ("globex", "crm", 0),
            ("acme/crm", "", 0),
            ("", "acme/crm", 0),
        ] {
            assert!(!key.is_token(&token, tenant, adapter, rotation), "{tenant} {adapter} {rotation}");
        }
        assert!(!HookKey::new(&[8; 32]).is_token(&token, "acme", "crm", 0));
        for shown in ["", &token[..31], &format!("{token}A")] {
            assert!(!key.is_token(shown, "acme", "crm", 0), "{shown}");
        }
    }

    #[test]
    fn a_token_is_what_the_documentation_says() {
        // printf 'acme/crm/0' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707… -binary | basenc --base64url
        assert_eq!(HookKey::new(&[7; 32]).token("acme", "crm", 0), "G9snPu2eB2NfyhFm6XTRPq0r_iLjDfu5");
    }
}
