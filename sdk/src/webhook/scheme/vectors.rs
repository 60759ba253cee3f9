//! Each scheme of the guide's table, checked against a signature that `openssl` computed. In every command
//! `B='{"text":"Grüß Gott"}'` is the body and `hook-secret` the key.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Forged, Over, Scheme, hmac_sha1, hmac_sha256, token};
use crate::{
    bindings::adapter::exports::patchbay::plugin::webhooks::Webhook,
    testing::{Host, sample},
    types::{Header, Timestamp},
    webhook::standard_webhooks,
};

const BODY: &str = r#"{"text":"Grüß Gott"}"#;
/// 14 November 2023, 22:13:20 (UTC).
const NOW: Timestamp = 1_700_000_000_000;
const WINDOW: Duration = Duration::from_secs(300);

fn host() -> Host {
    let host = Host::new();
    host.secret("s", "hook-secret");
    host
}

fn webhook(headers: &[(&str, &str)]) -> Webhook {
    let header = |&(name, value): &(&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
    let mut webhook = sample::webhook(BODY.as_bytes());
    webhook.headers = headers.iter().map(header).collect();
    webhook
}

/// It is believed as it came, with any of its bytes changed it is not, and neither is it without its header.
fn believed(scheme: &Scheme<'_>, right: &Webhook) {
    assert_eq!(scheme.check(right, NOW), Ok(()));
    let mut other = right.clone();
    other.body[9] ^= 1;
    assert_eq!(scheme.check(&other, NOW), Err(Forged::Signature));
    let bare = Webhook { headers: Vec::new(), ..right.clone() };
    assert!(matches!(scheme.check(&bare, NOW), Err(Forged::Header(_))));
}

/// The same, and only within five minutes of its time.
fn timely(scheme: &Scheme<'_>, right: &Webhook) {
    believed(scheme, right);
    for (now, believed) in
        [(NOW + 300_000, true), (NOW - 300_000, true), (NOW + 300_001, false), (NOW - 300_001, false)]
    {
        let wanted = if believed { Ok(()) } else { Err(Forged::Stale) };
        assert_eq!(scheme.check(right, now), wanted, "{now}");
    }
}

/// `printf '%s' "$B" | openssl dgst -sha256 -hmac hook-secret`
#[test]
fn meta_signs_the_body_in_hex_with_sha256() {
    let _host = host();
    let signature = "sha256=398f9b949f314f98e36273f89e8ad304efed178162c762f54fad6427aff87319";
    let scheme = hmac_sha256("s").header("x-hub-signature-256").prefix("sha256=").hex();
    believed(&scheme, &webhook(&[("X-Hub-Signature-256", signature)]));
}

/// `printf '%s' "$B" | openssl dgst -sha1 -hmac hook-secret`
#[test]
fn zammad_and_intercom_sign_the_body_in_hex_with_sha1() {
    let _host = host();
    let signature = "sha1=fa59e9dad3eb96ac4bc6dc99f55370975a3a3337";
    let scheme = hmac_sha1("s").header("x-hub-signature").prefix("sha1=").hex();
    believed(&scheme, &webhook(&[("X-Hub-Signature", signature)]));
}

/// `printf '%s' "1700000000.$B" | openssl dgst -sha256 -hmac hook-secret`
#[test]
fn chatwoot_signs_the_time_a_dot_and_the_body() {
    let _host = host();
    let signature = "sha256=390ecd66881764d7da0fd5bc027568e28f3ab86a0eaa8165bfe3872827d8b623";
    let time = "x-chatwoot-timestamp";
    let scheme =
        hmac_sha256("s").header("x-chatwoot-signature").prefix("sha256=").hex().seconds(time, WINDOW);
    let over = [Over::Header(time), Over::Text("."), Over::Body];
    timely(&scheme.over(&over), &webhook(&[("x-chatwoot-signature", signature), (time, "1700000000")]));
}

/// `printf '%s' "2023-11-14T22:13:20Z$B" | openssl dgst -sha256 -hmac hook-secret -binary | base64`
#[test]
fn zendesk_signs_a_date_and_the_body_in_base64() {
    let _host = host();
    let signature = "zguyaa4nJfu0lF/cXkJmM8JwTLEncENQyiKDpahQ4W4=";
    let time = "x-zendesk-webhook-signature-timestamp";
    let scheme = hmac_sha256("s").header("x-zendesk-webhook-signature").base64().date(time, WINDOW);
    let hook = webhook(&[("x-zendesk-webhook-signature", signature), (time, "2023-11-14T22:13:20Z")]);
    timely(&scheme.over(&[Over::Header(time), Over::Body]), &hook);
}

/// `printf '%s' "$B" | openssl dgst -sha256 -hmac hook-secret -binary | base64`
#[test]
fn frappe_signs_the_body_in_base64() {
    let _host = host();
    let signature = "OY+blJ8xT5jjYnP4norTBO/tF4Fix2L1T61kJ6/4cxk=";
    let scheme = hmac_sha256("s").header("x-frappe-webhook-signature").base64();
    believed(&scheme, &webhook(&[("x-frappe-webhook-signature", signature)]));
}

/// `printf '17:%s' "$(printf '%s' "$B" | openssl dgst -sha256 -hmac hook-secret -r | cut -d' ' -f1)" | base64 -w0`
#[test]
fn espocrm_hides_the_hex_behind_an_identifier_in_base64() {
    let _host = host();
    let value =
        "MTc6Mzk4ZjliOTQ5ZjMxNGY5OGUzNjI3M2Y4OWU4YWQzMDRlZmVkMTc4MTYyYzc2MmY1NGZhZDY0MjdhZmY4NzMxOQ==";
    let hook = webhook(&[("signature", value)]);
    // As the guide says it.
    let signature = |hook: &Webhook| {
        let value = STANDARD.decode(hook.header("signature")?).ok()?;
        let hex = value.splitn(2, |byte| *byte == b':').nth(1)?;
        hex::decode(hex).ok()
    };
    let signature = signature(&hook).unwrap();
    assert_eq!(hmac_sha256("s").check_signature(&hook, &signature, NOW), Ok(()));
    let other = sample::webhook(b"{}");
    assert_eq!(hmac_sha256("s").check_signature(&other, &signature, NOW), Err(Forged::Signature));
}

/// `printf '%s' "POSThttps://hooks.example.org/hooks/acme/crm/token${B}1700000000000" | openssl dgst -sha256 -hmac
/// hook-secret -binary | base64`
#[test]
fn hubspot_signs_method_url_body_and_milliseconds_in_base64() {
    let _host = host();
    let signature = "2o9t/0WjANH9YwJlCy9FKqFRf9LKiaLWwu3/V+MsutI=";
    let time = "x-hubspot-request-timestamp";
    let scheme = hmac_sha256("s").header("x-hubspot-signature-v3").base64().millis(time, WINDOW);
    let over = [Over::Method, Over::Url, Over::Body, Over::Header(time)];
    let scheme = scheme.over(&over);
    let hook = webhook(&[("x-hubspot-signature-v3", signature), (time, "1700000000000")]);
    timely(&scheme, &hook);
    let elsewhere = Webhook { url: hook.url.replace("crm", "crn"), ..hook.clone() };
    assert_eq!(scheme.check(&elsewhere, NOW), Err(Forged::Signature));
    let otherwise = Webhook { method: "PUT".to_owned(), ..hook };
    assert_eq!(scheme.check(&otherwise, NOW), Err(Forged::Signature));
}

/// `printf '%s' "v0:1700000000:$B" | openssl dgst -sha256 -hmac hook-secret`
#[test]
fn slack_signs_a_version_the_time_and_the_body() {
    let _host = host();
    let signature = "v0=14bebfc323feb151c2590bee64bdd3f9af6e85d88ab86942ac9e7b9c09d1925b";
    let time = "x-slack-request-timestamp";
    let scheme = hmac_sha256("s").header("x-slack-signature").prefix("v0=").hex().seconds(time, WINDOW);
    let over = [Over::Text("v0:"), Over::Header(time), Over::Text(":"), Over::Body];
    timely(&scheme.over(&over), &webhook(&[("x-slack-signature", signature), (time, "1700000000")]));
}

/// `printf '%s' "msg_1.1700000000.$B" | openssl dgst -sha256 -hmac hook-secret -binary | base64`
#[test]
fn standard_webhooks_sign_identifier_time_and_body_in_base64() {
    let host = host();
    let signature = "v1,8sGfVuoY/mPC2Jruqbv/E3DIcNwi/KS8geVN7DyMeHA=";
    let hook = |signature: &str| {
        webhook(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", "1700000000"),
            ("webhook-signature", signature),
        ])
    };
    assert_eq!(standard_webhooks(&hook(signature), "s", NOW), Ok(()));
    assert_eq!(standard_webhooks(&hook(signature), "s", NOW + 301_000), Err(Forged::Stale));
    let mut other = hook(signature);
    other.headers[0].value = "msg_2".to_owned();
    assert_eq!(standard_webhooks(&other, "s", NOW), Err(Forged::Signature));
    // Its secret is under change: the service signs with both, and we still know the old one alone.
    host.secret("t", "hook-secret");
    let both = format!("v1,{} {signature}", STANDARD.encode([7; 32]));
    assert_eq!(standard_webhooks(&hook(&both), "t", NOW), Ok(()));
}

#[test]
fn a_fixed_header_is_the_secret_itself() {
    let _host = host();
    let scheme = token("s").header("x-gitlab-token");
    assert_eq!(scheme.check(&webhook(&[("x-gitlab-token", "hook-secret")]), NOW), Ok(()));
    assert_eq!(scheme.check(&webhook(&[("x-gitlab-token", "hook-secret ")]), NOW), Err(Forged::Signature));
    let basic = token("s").header("authorization").prefix("Bearer ");
    assert_eq!(basic.check(&webhook(&[("authorization", "Bearer hook-secret")]), NOW), Ok(()));
}
