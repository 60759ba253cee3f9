//! Signatures, computed as the host computes them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac, digest::block_api::EagerHash};
use sha1::Sha1;
use sha2::Sha256;

use super::state::State;
use crate::secrets::Algorithm;

pub(super) fn verify(
    state: &State,
    algorithm: Algorithm,
    secret: &str,
    data: &[u8],
    signature: &[u8],
) -> bool {
    let live = state.secrets.get(secret).map_or(&[][..], Vec::as_slice);
    live.iter().any(|value| match algorithm {
        Algorithm::Equal => signature == value.as_bytes(),
        Algorithm::Ed25519 => ed25519(value, data, signature).is_some(),
        hmac => keyed(hmac, value, data).is_some_and(|right| right == signature),
    })
}

pub(super) fn sign(
    state: &State,
    algorithm: Algorithm,
    secret: &str,
    data: &[u8],
) -> Result<Vec<u8>, String> {
    let value = state.secrets.get(secret).and_then(|live| live.first());
    let value =
        value.ok_or_else(|| format!("there is no secret `{secret}`: say `host.secret(\"{secret}\", …)`"))?;
    keyed(algorithm, value, data).ok_or_else(|| "only HMACs are signed here".to_owned())
}

fn keyed(algorithm: Algorithm, value: &str, data: &[u8]) -> Option<Vec<u8>> {
    // As Standard Webhooks writes a key.
    let decoded = value.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    let key = decoded.as_deref().unwrap_or(value.as_bytes());
    match algorithm {
        Algorithm::HmacSha1 => mac::<Sha1>(key, data),
        Algorithm::HmacSha256 => mac::<Sha256>(key, data),
        Algorithm::Equal | Algorithm::Ed25519 => None,
    }
}

fn mac<D: EagerHash>(key: &[u8], data: &[u8]) -> Option<Vec<u8>>
where
    Hmac<D>: KeyInit + Mac,
{
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac.finalize().into_bytes().to_vec())
}

/// The public key is in hex or Base64.
fn ed25519(key: &str, data: &[u8], signature: &[u8]) -> Option<()> {
    let key = hex::decode(key).ok().or_else(|| STANDARD.decode(key).ok())?;
    let key = VerifyingKey::from_bytes(key.as_slice().try_into().ok()?).ok()?;
    key.verify_strict(data, &Signature::from_slice(signature).ok()?).ok()
}
