use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    secrets::sign,
    testing::{Host, sample::webhook},
    types::Header,
};

const NOW: Timestamp = 1_700_000_000_000;
const WINDOW: Duration = Duration::from_secs(300);

fn with(mut hook: Webhook, headers: &[(&str, &str)]) -> Webhook {
    let header =
        |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    hook.headers.extend(headers.iter().map(header));
    hook
}

fn signed(algorithm: Algorithm, data: &str) -> Vec<u8> {
    sign(algorithm, "s", data.as_bytes()).unwrap()
}

fn host() -> Host {
    let host = Host::new();
    host.secret("s", "It's a Secret to Everybody");
    host
}

#[test]
fn hex_over_the_body_behind_a_prefix() {
    let _host = host();
    // The example of GitHub's manual.
    let hex = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let scheme = hmac_sha256("s").header("X-Hub-Signature-256").prefix("sha256=");
    let hook = with(webhook(b"Hello, World!"), &[("x-hub-signature-256", hex)]);
    assert_eq!(scheme.check(&hook, NOW), Ok(()));
    let changed = with(webhook(b"Hello, World?"), &[("x-hub-signature-256", hex)]);
    assert_eq!(scheme.check(&changed, NOW), Err(Forged::Signature));
    for unreadable in ["", "757107ea", "sha256=xyz", "sha1=757107ea"] {
        let hook = with(webhook(b"Hello, World!"), &[("x-hub-signature-256", unreadable)]);
        assert_eq!(scheme.check(&hook, NOW), Err(Forged::Header("X-Hub-Signature-256".to_owned())));
    }
    let sha1 = format!("sha1={}", hex::encode(signed(Algorithm::HmacSha1, "x")));
    let zammad = hmac_sha1("s").header("x-hub-signature").prefix("sha1=");
    assert_eq!(zammad.check(&with(webhook(b"x"), &[("x-hub-signature", &sha1)]), NOW), Ok(()));
}

#[test]
fn several_pieces_are_signed_end_to_end() {
    let _host = host();
    let chatwoot = format!("sha256={}", hex::encode(signed(Algorithm::HmacSha256, "1700000000.x")));
    let hook = with(webhook(b"x"), &[("x-signature", &chatwoot), ("x-timestamp", "1700000000")]);
    let pieces = [Over::Header("x-timestamp"), Over::Text("."), Over::Body];
    let scheme = hmac_sha256("s").header("x-signature").prefix("sha256=").seconds("x-timestamp", WINDOW);
    assert_eq!(scheme.clone().over(&pieces).check(&hook, NOW), Ok(()));
    assert_eq!(scheme.over(&pieces).check(&hook, NOW + 300_001), Err(Forged::Stale));

    let hubspot =
        STANDARD.encode(signed(Algorithm::HmacSha256, "POSThttps://hooks.example/a?bx1700000000000"));
    let mut hook = with(webhook(b"x"), &[("x-signature-v3", &hubspot), ("x-time", "1700000000000")]);
    (hook.method, hook.url) = ("post".to_owned(), "https://hooks.example/a?b".to_owned());
    let pieces = [Over::Method, Over::Url, Over::Body, Over::Header("x-time")];
    let scheme = hmac_sha256("s").header("x-signature-v3").base64().millis("x-time", WINDOW).over(&pieces);
    assert_eq!(scheme.check(&hook, NOW), Ok(()));
    assert_eq!(scheme.check(&hook, NOW - 300_001), Err(Forged::Stale));
}

#[test]
fn a_signature_inside_a_larger_value_is_handed_over() {
    let _host = host();
    // EspoCRM: Base64 of `identifier:hex`.
    let value = STANDARD.encode(format!("17:{}", hex::encode(signed(Algorithm::HmacSha256, "x"))));
    let decoded = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    let signature = hex::decode(decoded.split_once(':').unwrap().1).unwrap();
    assert_eq!(hmac_sha256("s").check_signature(&webhook(b"x"), &signature, NOW), Ok(()));
}

#[test]
fn a_token_is_compared_and_a_public_key_verifies() {
    let host = host();
    let scheme = token("s").header("x-token");
    let hook = |value| with(webhook(b""), &[("x-token", value)]);
    assert_eq!(scheme.check(&hook("It's a Secret to Everybody"), NOW), Ok(()));
    assert_eq!(scheme.check(&hook("It's a Secret"), NOW), Err(Forged::Signature));
    assert_eq!(scheme.check(&webhook(b""), NOW), Err(Forged::Header("x-token".to_owned())));

    // RFC 8032, 7.1, test 2: the byte 0x72.
    host.secret("key", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let scheme = ed25519("key").header("x-sig");
    assert_eq!(scheme.check(&with(webhook(b"\x72"), &[("x-sig", signature)]), NOW), Ok(()));
    assert_eq!(scheme.check(&with(webhook(b"\x73"), &[("x-sig", signature)]), NOW), Err(Forged::Signature));
}
