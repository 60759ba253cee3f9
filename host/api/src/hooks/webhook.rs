//! From a request to the contract's webhook: the bytes as they came, the URL as the sender knows it, and the key by which
//! a second one is recognised.

use axum::http::{HeaderMap, request::Parts};
use patchbay_plugin::{types::Header, webhooks::Webhook};
use patchbay_types::Digest;

/// The most headers, and the most bytes of them and of the URL together.
const HEADERS: usize = 100;
const HEAD: usize = 32 << 10;
/// Identifiers up to this length stand for themselves.
const PLAIN: usize = 128;

/// Whether the head is as small as a webhook's has any reason to be.
pub(super) fn is_bounded(parts: &Parts) -> bool {
    let url = parts.uri.path_and_query().map_or(0, |url| url.as_str().len());
    let bytes = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    parts.headers.len() <= HEADERS && bytes + url <= HEAD
}

/// The webhook; `base` is what the sender's URL begins with, up to the path.
pub(super) fn webhook(base: &str, parts: &Parts, body: Vec<u8>) -> Webhook {
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| Header {
        name: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    let path = parts.uri.path_and_query().map_or("/", |url| url.as_str());
    Webhook {
        method: parts.method.as_str().to_owned(),
        url: format!("{base}{path}"),
        headers: parts.headers.iter().map(header).collect(),
        body,
    }
}

/// What its sender calls it: the first of these headers that it has.
pub(super) fn delivery(names: &[String], headers: &HeaderMap) -> Option<String> {
    let value = names.iter().find_map(|name| headers.get(name.as_str()))?.as_bytes();
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"-_.:=+/@".contains(c);
    match value {
        [] => None,
        // It goes into logs and onto command lines, where people look for it: only what is harmless does so itself.
        value if value.len() <= PLAIN && value.iter().all(plain) => {
            Some(String::from_utf8_lossy(value).into_owned())
        }
        value => Some(Digest::of(value).to_string()),
    }
}

/// The key of a webhook that its adapter wants: what its sender calls it, else one of its own.
pub(super) fn key(delivery: Option<&String>) -> String {
    delivery.cloned().unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()))
}

/// The key of one that its adapter could not be asked about. It is no other's name: whoever knows nothing but the URL could
/// otherwise take the name of a webhook that is yet to come, which would then be dropped as known.
pub(super) fn unasked_key(delivery: Option<&String>, webhook: &Webhook) -> String {
    let Some(delivery) = delivery else { return key(None) };
    let head = [delivery, &webhook.method, &webhook.url].map(String::as_bytes);
    let headers = webhook.headers.iter().flat_map(|header| [header.name.as_bytes(), header.value.as_bytes()]);
    let parts = head.into_iter().chain(headers).chain([webhook.body.as_slice()]);
    format!("?{}", Digest::of_parts(parts))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method("POST").uri("/hooks/acme/crm/T0KEN?a=%2F&b=c%20d");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_url_is_absolute_and_otherwise_as_it_came() {
        let seen = webhook("https://hooks.example.org/in", &parts(&[("x-a", "1")]), b"\xff\x00".to_vec());
        assert_eq!(seen.url, "https://hooks.example.org/in/hooks/acme/crm/T0KEN?a=%2F&b=c%20d");
        assert_eq!((seen.method.as_str(), seen.body.as_slice()), ("POST", &b"\xff\x00"[..]));
        assert_eq!((seen.headers[0].name.as_str(), seen.headers[0].value.as_str()), ("x-a", "1"));
    }

    #[test]
    fn the_first_header_that_is_there_names_the_webhook() {
        let names = ["webhook-id".to_owned(), "x-github-delivery".to_owned()];
        let named = |headers: &[(&str, &str)]| delivery(&names, &parts(headers).headers);
        assert_eq!(named(&[("x-github-delivery", "g1"), ("webhook-id", "w1")]).as_deref(), Some("w1"));
        assert_eq!(named(&[("X-GitHub-Delivery", "g1")]).as_deref(), Some("g1"));
        assert_eq!(named(&[("x-other", "g1")]), None);
        assert_eq!(named(&[("webhook-id", "")]), None);
        let strange = named(&[("webhook-id", "?a b")]).unwrap();
        assert_eq!(strange, Digest::of(b"?a b").to_string());
    }

    #[test]
    fn an_unasked_webhook_never_has_the_name_of_another() {
        let (name, first) = ("w1".to_owned(), webhook("", &parts(&[]), b"a".to_vec()));
        let forged = Webhook { body: b"b".to_vec(), ..first.clone() };
        let keys = [&first, &forged].map(|webhook| unasked_key(Some(&name), webhook));
        assert!(keys[0] != keys[1] && keys.iter().all(|key| key.starts_with('?')), "{keys:?}");
        assert_eq!(unasked_key(Some(&name), &first), keys[0], "the same bytes again are the same webhook");
        assert_ne!(unasked_key(None, &first), unasked_key(None, &first));
        assert_eq!(key(Some(&name)), "w1");
    }

    #[test]
    fn a_head_is_bounded_in_number_and_in_bytes() {
        let long = "x".repeat(HEAD);
        assert!(is_bounded(&parts(&[("x-a", "1")])));
        assert!(!is_bounded(&parts(&[("x-a", &long)])));
        assert!(!is_bounded(&parts(&vec![("x-a", "1"); HEADERS + 1])));
    }
}
