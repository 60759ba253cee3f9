//! What an adapter answers a webhook with, as far as it may be said in the host's name.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use patchbay_plugin::webhooks::Answer;

/// The largest answer.
const BODY: usize = 64 << 10;
/// The most headers, and the most bytes of them.
const HEADERS: usize = 32;
const HEADER_BYTES: usize = 8 << 10;

/// What belongs to the connection (RFC 9110, 7.6.1) or says how long the answer is, and what would outlast it in a
/// browser: all doors share one origin.
const NOT_THEIRS: [&str; 16] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "alt-svc",
    "clear-site-data",
    "service-worker-allowed",
];

/// The adapter's answer. Headers that make no sense are left out; so is a body that is too large. A status that is none
/// becomes 200 where the webhook is kept, and else 500.
pub(super) fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).ok().filter(|status| {
        // An informational answer is none, and 599 the last that anybody understands.
        (200..=599).contains(&status.as_u16())
    });
    let status = match status {
        Some(status) => status,
        None if answer.keep => StatusCode::OK,
        None => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let wordless =
        [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let body = if wordless || answer.body.len() > BODY { Vec::new() } else { answer.body };
    let has_body = !body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut bytes = 0;
    for said in answer.headers.into_iter().take(HEADERS) {
        bytes += said.name.len() + said.value.len();
        if bytes > HEADER_BYTES {
            break;
        }
        let named = HeaderName::from_bytes(said.name.as_bytes());
        let (Ok(name), Ok(value)) = (named, HeaderValue::from_bytes(said.value.as_bytes())) else { continue };
        if !NOT_THEIRS.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    if has_body && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use patchbay_plugin::types::Header;

    use super::*;

    fn answer(keep: bool, status: u16, headers: &[(&str, &str)]) -> Response {
        let header = |(name, value): &(&str, &str)| Header { name: (*name).into(), value: (*value).into() };
        response(Answer { keep, status, headers: headers.iter().map(header).collect(), body: b"x".to_vec() })
    }

    #[test]
    fn a_status_that_is_none_is_replaced() {
        for (keep, status, wanted) in [
            (true, 202, 202),
            (false, 599, 599),
            (true, 100, 200),
            (true, 600, 200),
            (false, 101, 500),
            (false, 0, 500),
        ] {
            assert_eq!(answer(keep, status, &[]).status().as_u16(), wanted, "{keep} {status}");
        }
    }

    #[test]
    fn what_is_not_the_adapters_to_say_is_left_out() {
        let seen = answer(
            true,
            200,
            &[
                ("X-Mine", "1"),
                ("x-mine", "2"),
                ("Content-Type", "application/json"),
                ("Content-Length", "7"),
                ("Connection", "upgrade"),
                ("Transfer-Encoding", "chunked"),
                ("Set-Cookie", "a=b"),
                ("x-split", "a\r\nx-evil: 1"),
                ("x split", "a"),
                ("", "a"),
            ],
        );
        let names: Vec<_> =
            seen.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(
            names,
            [
                ("x-mine", &b"1"[..]),
                ("x-mine", b"2"),
                ("content-type", b"application/json"),
                ("x-content-type-options", b"nosniff"),
            ]
        );
    }

    #[test]
    fn an_answer_is_bounded() {
        let many = vec![("x-a", "1"); 1000];
        assert!(answer(true, 200, &many).headers().len() <= HEADERS + 2);
        let long = "x".repeat(HEADER_BYTES);
        assert!(answer(true, 200, &[("x-a", &long)]).headers().get("x-a").is_none());
        let large = Answer { keep: true, status: 200, headers: Vec::new(), body: vec![b'x'; BODY + 1] };
        assert!(response(large).headers().get(header::CONTENT_TYPE).is_none());
    }
}
