use serde_json::json;

use super::*;
use crate::{
    secrets::sign,
    testing::{Host, sample},
    types::Header,
};

/// 14 November 2023, 22:13:20 (UTC).
const NOW: Timestamp = 1_700_000_000_000;

fn bearing(name: &str, value: &str) -> Webhook {
    let mut webhook = sample::webhook(b"{}");
    webhook.headers = vec![Header { name: name.to_owned(), value: value.to_owned() }];
    webhook
}

fn bearer(token: &str) -> Webhook {
    bearing("authorization", &format!("Bearer {token}"))
}

fn host() -> Host {
    let host = Host::new();
    host.secret("s", "hook-secret");
    host
}

/// A token with this head and these claims, signed with the secret `s`.
fn token(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(head), part(claims));
    let signature = sign(Algorithm::HmacSha256, "s", signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// How a token with these claims is taken at `NOW`.
fn taken(jwt: Jwt<'_>, claims: &Value) -> Result<(), Forged> {
    jwt.check(&bearer(&token(&json!({ "alg": "HS256" }), claims)), NOW).map(drop)
}

#[test]
fn the_example_of_the_specification_is_right_until_it_expires() {
    let host = Host::new();
    // RFC 7515, A.1; its key is of bytes, so it is written as Standard Webhooks writes one.
    host.secret(
        "k",
        "whsec_AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==",
    );
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
                 leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let expires = 1_300_819_380_000;
    let claims = jwt_hs256("k").issuer("joe").check(&bearer(token), expires).unwrap();
    assert_eq!(claims["http://example.com/is_root"], true);
    let check = |now| jwt_hs256("k").check(&bearer(token), now).map(drop);
    assert_eq!((check(expires + 59_999), check(expires + 60_000)), (Ok(()), Err(Forged::Stale)));
}

/// `H=$(printf '%s' '{"alg":"HS256","typ":"JWT"}' | basenc --base64url -w0 | tr -d =)`, `P` the same of
/// `{"iss":"crm","aud":["other","patchbay"],"nbf":1699999990,"exp":1700000300}`, and `printf '%s' "$H.$P" | openssl dgst
/// -sha256 -hmac hook-secret -binary | basenc --base64url -w0 | tr -d =`.
#[test]
fn a_token_that_others_made_with_a_shared_key_is_believed() {
    let _host = host();
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjcm0iLCJhdWQiOlsib3RoZXIiLCJwYXRjaGJheSJdLCJuYmYiOjE2OTk\
                 5OTk5OTAsImV4cCI6MTcwMDAwMDMwMH0.plg5lrhqfVtpMmcKtaFq0rZ1PLlVYJxIpWajBmbaeN4";
    let jwt = jwt_hs256("s").audience("patchbay").issuer("crm");
    assert_eq!(jwt.check(&bearer(token), NOW).unwrap()["iss"], "crm");
    for value in [format!("bearer   {token}"), token.to_owned()] {
        assert!(jwt.header("x-jwt").check(&bearing("X-JWT", &value), NOW).is_ok(), "{value}");
    }
    let other = token.replacen("NiIs", "NiJs", 1);
    assert!(jwt.check(&bearer(&other), NOW).is_err());
}

/// Python's `cryptography`, with the private key of RFC 8032, 7.1, test 2: `Ed25519PrivateKey.from_private_bytes(seed)
/// .sign(b64url('{"alg":"EdDSA"}') + b'.' + b64url('{"aud":"patchbay","exp":1700000300}'))`.
#[test]
fn a_token_that_others_made_with_a_private_key_is_believed() {
    let host = Host::new();
    host.secret("key", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let token = "eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJwYXRjaGJheSIsImV4cCI6MTcwMDAwMDMwMH0.2uNjgbfePfpqYUnLCaTVVK2A3LnwNmVAQ\
                 ZO3yY7zYe6Ld9Kc5CExlx2n71aNmiZylTF5WoUloyt4mKmZTO_SBg";
    let jwt = jwt_eddsa("key").audience("patchbay");
    assert!(jwt.check(&bearer(token), NOW).is_ok());
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(jwt.check(&bearer(&format!("{signed}.AAAA")), NOW), Err(Forged::Signature));
}

#[test]
fn the_algorithm_is_the_plugins_to_say_and_not_the_tokens() {
    let host = host();
    // Whoever has the public key could otherwise sign with it as if it were a shared one.
    host.secret("key", "hook-secret");
    let claims = json!({ "exp": 1_700_000_300 });
    for alg in ["none", "None", "HS512", "RS256", "EdDSA", "hs256", ""] {
        let token = token(&json!({ "alg": alg }), &claims);
        assert_eq!(
            jwt_hs256("s").check(&bearer(&token), NOW),
            Err(Forged::Header("authorization".to_owned())),
            "{alg}"
        );
    }
    let shared = token(&json!({ "alg": "HS256" }), &claims);
    assert!(matches!(jwt_eddsa("key").check(&bearer(&shared), NOW), Err(Forged::Header(_))));
    let (signed, _) = shared.rsplit_once('.').unwrap();
    assert_eq!(jwt_hs256("s").check(&bearer(&format!("{signed}.")), NOW), Err(Forged::Signature));
    let critical = token(&json!({ "alg": "HS256", "crit": ["b64"], "b64": false }), &claims);
    assert!(matches!(jwt_hs256("s").check(&bearer(&critical), NOW), Err(Forged::Header(_))));
}

#[test]
fn a_token_counts_from_when_it_begins_until_it_expires_and_has_to_expire() {
    let _host = host();
    let at = |claims: Value| taken(jwt_hs256("s"), &claims);
    assert_eq!(at(json!({ "exp": 1_699_999_940.5 })), Ok(()));
    assert_eq!(at(json!({ "exp": 1_699_999_940 })), Err(Forged::Stale));
    assert_eq!(at(json!({ "exp": 1_700_000_300, "nbf": 1_700_000_060 })), Ok(()));
    assert_eq!(at(json!({ "exp": 1_700_000_300, "nbf": 1_700_000_061 })), Err(Forged::Stale));
    for claims in [json!({}), json!({ "exp": null }), json!({ "exp": "1700000300" })] {
        assert_eq!(at(claims), Err(Forged::Claim("exp")));
    }
    assert_eq!(at(json!({ "exp": 1_700_000_300, "nbf": "soon" })), Err(Forged::Claim("nbf")));
}

#[test]
fn a_token_for_somebody_else_or_by_somebody_else_is_refused() {
    let _host = host();
    let with = |name: &str, value: Value| json!({ "exp": 1_700_000_300, name: value });
    let us = jwt_hs256("s").audience("patchbay");
    assert_eq!(taken(us, &with("aud", json!("patchbay"))), Ok(()));
    assert_eq!(taken(us, &with("aud", json!(["a", "patchbay"]))), Ok(()));
    for aud in [json!("patchbays"), json!(["a"]), json!([]), json!({ "patchbay": 1 }), json!(7)] {
        assert_eq!(taken(us, &with("aud", aud)), Err(Forged::Claim("aud")));
    }
    assert_eq!(taken(us, &with("x", json!(1))), Err(Forged::Claim("aud")), "for nobody");
    assert_eq!(
        taken(jwt_hs256("s"), &with("aud", json!("patchbay"))),
        Err(Forged::Claim("aud")),
        "RFC 7519, 4.1.3"
    );
    let them = jwt_hs256("s").issuer("crm");
    assert_eq!(taken(them, &with("iss", json!("crm"))), Ok(()));
    assert_eq!(taken(them, &with("iss", json!("crms"))), Err(Forged::Claim("iss")));
    assert_eq!(taken(them, &with("x", json!(1))), Err(Forged::Claim("iss")));
}

#[test]
fn what_is_no_token_is_unreadable_and_a_changed_one_is_forged() {
    let _host = host();
    let good = token(&json!({ "alg": "HS256" }), &json!({ "exp": 1_700_000_300 }));
    let parts: Vec<&str> = good.split('.').collect();
    for wrong in
        ["", ".", "..", "a.b.c", parts[0], &good.replace('.', ":"), &format!("{good}.x"), &format!("{good}=")]
    {
        assert!(jwt_hs256("s").check(&bearer(wrong), NOW).is_err(), "{wrong}");
    }
    let filled =
        token(&json!({ "alg": "HS256" }), &json!({ "exp": 1_700_000_300, "x": "a".repeat(LONGEST) }));
    assert!(matches!(jwt_hs256("s").check(&bearer(&filled), NOW), Err(Forged::Header(_))), "larger than any");
    let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1700000301}"#);
    let changed = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert_eq!(jwt_hs256("s").check(&bearer(&changed), NOW), Err(Forged::Signature));
    let list = token(&json!({ "alg": "HS256" }), &json!([1]));
    assert!(matches!(jwt_hs256("s").check(&bearer(&list), NOW), Err(Forged::Header(_))));
    assert_eq!(jwt_hs256("nothing").check(&bearer(&good), NOW), Err(Forged::Signature));
    assert_eq!(
        jwt_hs256("s").check(&sample::webhook(b"{}"), NOW),
        Err(Forged::Header("authorization".to_owned()))
    );
}
