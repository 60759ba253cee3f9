//! The signatures that CRMs put on their webhooks, made as each CRM makes them and checked as a guest would: it takes
//! them apart, and the host, who alone knows the secret, verifies.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use patchbay_egress::{Algorithm, Secrets};
use patchbay_types::egress::{OneOrMany, SecretConfig, SecretSource};
use sha1::Sha1;
use sha2::Sha256;

const KEY: &[u8] = b"a shared key of a webhook";
const BODY: &[u8] = br#"{"event":"message_created"}"#;

/// The secret `hook` with these values, in order.
fn secrets(dir: &Path, values: &[&[u8]], sign: bool) -> Secrets {
    let mut from = Vec::new();
    for (number, value) in values.iter().enumerate() {
        let file = format!("value-{number}");
        std::fs::write(dir.join(&file), value).unwrap();
        from.push(SecretSource::File { file });
    }
    let config = SecretConfig { from: OneOrMany::Many(from), hosts: Vec::new(), sign };
    Secrets::new(dir, &BTreeMap::from([("hook".to_owned(), config)]), &["hook".to_owned()])
}

fn sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(data).finalize().into_bytes().to_vec()
}

fn sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    Hmac::<Sha1>::new_from_slice(key).unwrap().chain_update(data).finalize().into_bytes().to_vec()
}

/// Right as it is; wrong when a bit of data or signature differs, when it is cut, and under another algorithm.
fn holds(algorithm: Algorithm, key: &[u8], data: &[u8], signature: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let secrets = secrets(dir.path(), &[key], false);
    assert!(secrets.verify(algorithm, "hook", data, signature), "{algorithm:?}");
    let mut other = signature.to_vec();
    other[0] ^= 1;
    assert!(!secrets.verify(algorithm, "hook", data, &other));
    assert!(!secrets.verify(algorithm, "hook", data, &signature[1..]));
    assert!(!secrets.verify(algorithm, "hook", data, &[]));
    assert!(!secrets.verify(algorithm, "other", data, signature));
    if algorithm != Algorithm::Equal {
        assert!(!secrets.verify(algorithm, "hook", &[data, b" "].concat(), signature));
        assert!(!secrets.verify(Algorithm::Equal, "hook", data, signature));
    }
}

#[test]
fn hexadecimal_sha256_of_the_body_as_meta_sends_it() {
    let header = format!("sha256={}", hex::encode(sha256(KEY, BODY)));
    holds(Algorithm::HmacSha256, KEY, BODY, &hex::decode(header.strip_prefix("sha256=").unwrap()).unwrap());
}

#[test]
fn hexadecimal_sha1_of_the_body_as_zammad_and_intercom_send_it() {
    let header = format!("sha1={}", hex::encode(sha1(KEY, BODY)));
    holds(Algorithm::HmacSha1, KEY, BODY, &hex::decode(header.strip_prefix("sha1=").unwrap()).unwrap());
}

#[test]
fn hexadecimal_sha256_of_time_and_body_as_chatwoot_sends_it() {
    let signed = [b"1700000000.", BODY].concat();
    let header = format!("sha256={}", hex::encode(sha256(KEY, &signed)));
    holds(
        Algorithm::HmacSha256,
        KEY,
        &signed,
        &hex::decode(header.strip_prefix("sha256=").unwrap()).unwrap(),
    );
}

#[test]
fn base64_of_time_and_body_as_zendesk_sends_it() {
    let signed = [b"2026-01-01T00:00:00Z", BODY].concat();
    let header = STANDARD.encode(sha256(KEY, &signed));
    holds(Algorithm::HmacSha256, KEY, &signed, &STANDARD.decode(header).unwrap());
}

#[test]
fn base64_of_the_body_as_frappe_sends_it() {
    let header = STANDARD.encode(sha256(KEY, BODY));
    holds(Algorithm::HmacSha256, KEY, BODY, &STANDARD.decode(header).unwrap());
}

#[test]
fn base64_of_identifier_and_hexadecimal_as_espo_sends_it() {
    let header = STANDARD.encode(format!("5f1e:{}", hex::encode(sha256(KEY, BODY))));
    let opened = String::from_utf8(STANDARD.decode(header).unwrap()).unwrap();
    let (_, signature) = opened.split_once(':').unwrap();
    holds(Algorithm::HmacSha256, KEY, BODY, &hex::decode(signature).unwrap());
}

#[test]
fn base64_of_method_uri_body_and_time_as_hubspot_sends_it() {
    let signed = [b"POST", b"https://bridge.example/hook?a=b".as_slice(), BODY, b"1700000000000"].concat();
    let header = STANDARD.encode(sha256(KEY, &signed));
    holds(Algorithm::HmacSha256, KEY, &signed, &STANDARD.decode(header).unwrap());
}

#[test]
fn identifier_time_and_body_as_standard_webhooks_has_it() {
    let key = [7; 24];
    let signed = [b"msg_1.1700000000.".as_slice(), BODY].concat();
    let header = format!("v1,{} v1,{}", STANDARD.encode([0; 32]), STANDARD.encode(sha256(&key, &signed)));
    let written = format!("whsec_{}", STANDARD.encode(key));
    let last = header.split(' ').next_back().unwrap().strip_prefix("v1,").unwrap();
    holds(Algorithm::HmacSha256, written.as_bytes(), &signed, &STANDARD.decode(last).unwrap());
    // Others take the same text for the key itself.
    holds(Algorithm::HmacSha256, written.as_bytes(), &signed, &sha256(written.as_bytes(), &signed));
}

#[test]
fn a_public_key_may_be_written_in_four_ways() {
    // Its first byte looks like a space, which is no reason to lose it.
    let pair = (0..=255)
        .map(|seed| SigningKey::from_bytes(&[seed; 32]))
        .find(|pair| pair.verifying_key().as_bytes()[0] != b' ')
        .unwrap();
    let public = pair.verifying_key().to_bytes();
    let signed = [b"msg_1.1700000000.".as_slice(), BODY].concat();
    let signature = pair.sign(&signed).to_bytes();
    let base64 = STANDARD.encode(public);
    for written in [
        base64.as_bytes(),
        base64.trim_end_matches('=').as_bytes(),
        hex::encode(public).as_bytes(),
        hex::encode_upper(public).as_bytes(),
        format!("whpk_{base64}\n").as_bytes(),
        &public,
    ] {
        holds(Algorithm::Ed25519, written, &signed, &signature);
    }
}

#[test]
fn a_public_key_of_bytes_that_look_like_white_space_is_whole() {
    let mut seeds = 0..=u32::MAX;
    let pair = seeds.find_map(|seed| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&seed.to_le_bytes());
        let pair = SigningKey::from_bytes(&bytes);
        (pair.verifying_key().as_bytes()[0] == b' ').then_some(pair)
    });
    let pair = pair.unwrap();
    holds(Algorithm::Ed25519, pair.verifying_key().as_bytes(), BODY, &pair.sign(BODY).to_bytes());
}

#[test]
fn a_token_in_a_header_or_a_secret_path_is_compared() {
    holds(Algorithm::Equal, b"token-of-odoo", b"", b"token-of-odoo");
    holds(Algorithm::Equal, b"token-of-odoo\n", b"whatever", b"token-of-odoo");
}

#[test]
fn every_live_value_verifies_and_the_first_one_signs() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = secrets(dir.path(), &[b"the new one", b"the old one"], true);
    for key in [b"the new one", b"the old one"] {
        assert!(secrets.verify(Algorithm::HmacSha256, "hook", BODY, &sha256(key, BODY)));
        assert!(secrets.verify(Algorithm::Equal, "hook", b"", key));
    }
    assert!(!secrets.verify(Algorithm::HmacSha256, "hook", BODY, &sha256(b"another one", BODY)));
    assert_eq!(secrets.sign(Algorithm::HmacSha256, "hook", BODY).unwrap(), sha256(b"the new one", BODY));
    assert_eq!(secrets.sign(Algorithm::HmacSha1, "hook", BODY).unwrap(), sha1(b"the new one", BODY));
    std::fs::remove_file(dir.path().join("value-0")).unwrap();
    let missing = Secrets::check(&secrets);
    assert!(missing.is_empty(), "as of a moment ago: {missing:?}");
}

#[test]
fn a_value_that_is_missing_stops_signing_and_not_the_other_values_verifying() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = secrets(dir.path(), &[b" ", b"the old one"], true);
    assert!(secrets.verify(Algorithm::HmacSha256, "hook", BODY, &sha256(b"the old one", BODY)));
    assert!(!secrets.verify(Algorithm::Equal, "hook", b"", b""));
    assert!(secrets.sign(Algorithm::HmacSha256, "hook", BODY).unwrap_err().contains("no value"));
    let missing = secrets.check();
    assert!(missing.len() == 1 && missing[0].0 == "hook" && missing[0].1.contains("value-0"), "{missing:?}");
}

#[test]
fn only_what_may_sign_signs_and_equal_never_does() {
    let dir = tempfile::tempdir().unwrap();
    let silent = secrets(dir.path(), &[KEY], false);
    assert!(silent.sign(Algorithm::HmacSha256, "hook", BODY).unwrap_err().contains("sign = true"));
    let signing = secrets(dir.path(), &[KEY], true);
    assert!(signing.sign(Algorithm::Equal, "hook", BODY).is_err());
    assert!(signing.sign(Algorithm::HmacSha256, "other", BODY).unwrap_err().contains("not granted"));
    assert!(!format!("{signing:?}").contains("shared key"));
}

#[test]
fn a_private_key_signs_and_a_public_one_does_not() {
    let (dir, pair) = (tempfile::tempdir().unwrap(), SigningKey::from_bytes(&[7; 32]));
    let public = STANDARD.encode(pair.verifying_key().to_bytes());
    assert!(secrets(dir.path(), &[public.as_bytes()], true).sign(Algorithm::Ed25519, "hook", BODY).is_err());
    for private in [pair.to_bytes().to_vec(), pair.to_keypair_bytes().to_vec()] {
        let written = format!("whsk_{}", STANDARD.encode(private));
        let signature =
            secrets(dir.path(), &[written.as_bytes()], true).sign(Algorithm::Ed25519, "hook", BODY).unwrap();
        assert_eq!(signature, pair.sign(BODY).to_bytes());
    }
}

#[test]
fn what_was_granted_and_is_no_secret_of_the_tenants_is_named() {
    let secrets = Secrets::new(Path::new("."), &BTreeMap::new(), &["ghost".to_owned()]);
    assert_eq!(secrets.check()[0].0, "ghost");
    assert!(!secrets.verify(Algorithm::Equal, "ghost", b"", b""));
}
