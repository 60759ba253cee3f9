//! Signatures under one value. What is compared is compared in constant time.
//!
//! Keys may be written as Standard Webhooks writes them: `whsec_` before the Base64 of a shared key, `whpk_` before a
//! public and `whsk_` before a private one.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Algorithm, live::Value};

/// Whether `signature` is right for `data` under this value.
pub(super) fn fits(algorithm: Algorithm, value: &Value, data: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Equal => {
            // By digests, which are of one length: otherwise the time would tell the secret's.
            let (right, given) = (Sha256::digest(value.expose()), Sha256::digest(signature));
            right.as_slice().ct_eq(given.as_slice()).into()
        }
        Algorithm::HmacSha1 => any_key(value, |key| mac_fits::<Hmac<Sha1>>(key, data, signature)),
        Algorithm::HmacSha256 => any_key(value, |key| mac_fits::<Hmac<Sha256>>(key, data, signature)),
        Algorithm::Ed25519 => {
            let key = public_key(value).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
            let signature = Signature::from_slice(signature).ok();
            // Strict: a weak key, or one signature in two forms, verifies nothing.
            matches!((key, signature), (Some(key), Some(signature)) if key.verify_strict(data, &signature).is_ok())
        }
    }
}

/// The signature of `data`.
///
/// # Errors
/// With half a sentence, when this value or this algorithm cannot sign.
pub(super) fn sign(algorithm: Algorithm, value: &Value, data: &[u8]) -> Result<Vec<u8>, String> {
    let key = shared_key(value);
    let key = key.as_deref().unwrap_or(value.expose());
    match algorithm {
        Algorithm::Equal => Err("that would be to show it".to_owned()),
        Algorithm::HmacSha1 => mac::<Hmac<Sha1>>(key, data),
        Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(key, data),
        Algorithm::Ed25519 => {
            // Told from a public key by its prefix alone: whoever signs with a public one shows the private one.
            let seed = prefixed(value, b"whsk_").and_then(|bytes| bytes.first_chunk::<32>().copied());
            let seed = seed.ok_or("a private key is written `whsk_` and its Base64")?;
            Ok(SigningKey::from_bytes(&seed).sign(data).to_bytes().to_vec())
        }
    }
}

/// A key that begins with `whsec_` is Base64 to those who follow Standard Webhooks, and text to others.
fn any_key(value: &Value, fits: impl Fn(&[u8]) -> bool) -> bool {
    let decoded = shared_key(value).is_some_and(|key| fits(&key));
    fits(value.expose()) | decoded
}

fn mac_fits<M: Mac + KeyInit>(key: &[u8], data: &[u8], signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(data).verify_slice(signature).is_ok())
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Result<Vec<u8>, String> {
    let mac = <M as KeyInit>::new_from_slice(key).map_err(|error| error.to_string())?;
    Ok(mac.chain_update(data).finalize().into_bytes().to_vec())
}

fn shared_key(value: &Value) -> Option<Vec<u8>> {
    prefixed(value, b"whsec_").filter(|key| !key.is_empty())
}

/// 32 bytes: behind `whpk_`, in hexadecimal, in Base64, or as they are.
fn public_key(value: &Value) -> Option<[u8; 32]> {
    let text = value.expose();
    let decoded = prefixed(value, b"whpk_").or_else(|| from_hex(text)).or_else(|| BASE64.decode(text).ok());
    let whole = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok();
    decoded.and_then(|bytes| whole(&bytes)).or_else(|| whole(value.expose_raw())).or_else(|| whole(text))
}

fn prefixed(value: &Value, prefix: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(value.expose().strip_prefix(prefix)?).ok()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)? << 4 | digit(low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// Keys are pasted with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
