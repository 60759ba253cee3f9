//! [Standard Webhooks](https://www.standardwebhooks.com/): `id.timestamp.body`, HMAC-SHA256, Base64.

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

const WINDOW: Duration = Duration::from_secs(300);
/// More signatures than a secret under change has.
const MOST: usize = 8;

/// Checks identifier, timestamp (five minutes either way) and signature. The secret's value may be written `whsec_…`.
///
/// # Errors
/// See [`Forged`].
pub fn standard_webhooks(webhook: &Webhook, secret: &str, now: Timestamp) -> Result<(), Forged> {
    let header = |name: &str| {
        webhook.header(name).filter(|value| !value.is_empty()).ok_or_else(|| Forged::Header(name.to_owned()))
    };
    let (id, timestamp, signatures) =
        (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let at = Unit::Seconds.read(timestamp).ok_or_else(|| Forged::Header("webhook-timestamp".to_owned()))?;
    if !within(at, now, WINDOW) {
        return Err(Forged::Stale);
    }
    let mut data = Vec::with_capacity(id.len() + timestamp.len() + 2 + webhook.body.len());
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", &webhook.body] {
        data.extend_from_slice(part);
    }
    let decoded = |signature: &str| STANDARD.decode(signature.strip_prefix("v1,")?).ok();
    let right = |signature: Vec<u8>| verify(Algorithm::HmacSha256, secret, &data, &signature);
    let mut signatures = signatures.split(' ').filter_map(decoded).take(MOST);
    if signatures.any(right) { Ok(()) } else { Err(Forged::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Host, standard_webhook};

    #[test]
    fn the_example_of_the_specification_is_right() {
        let host = Host::new();
        host.secret("s", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let mut hook = standard_webhook("s", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, body);
        let signed = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(hook.header("webhook-signature"), Some(signed));
        let check = |hook: &Webhook, now| standard_webhooks(hook, "s", now);
        assert_eq!(check(&hook, 1_614_265_330_000), Ok(()));
        assert_eq!(check(&hook, 1_614_265_330_000 + 300_000), Ok(()));
        assert_eq!(check(&hook, 1_614_265_330_000 + 301_000), Err(Forged::Stale));
        assert_eq!(check(&hook, 1_614_265_330_000 - 301_000), Err(Forged::Stale));
        hook.body.push(b' ');
        assert_eq!(check(&hook, 1_614_265_330_000), Err(Forged::Signature));
        hook.headers.retain(|header| header.name != "webhook-id");
        assert_eq!(check(&hook, 1_614_265_330_000), Err(Forged::Header("webhook-id".to_owned())));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        let host = Host::new();
        host.secret("s", "new");
        host.secret("s", "old");
        let mut hook = standard_webhook("s", "1", host.now(), b"x");
        for header in &mut hook.headers {
            if header.name == "webhook-signature" {
                header.value = format!("v1a,AAAA v1,AAAA nonsense {}", header.value);
            }
        }
        assert_eq!(standard_webhooks(&hook, "s", host.now()), Ok(()));
        assert_eq!(standard_webhooks(&hook, "other", host.now()), Err(Forged::Signature));
    }
}
