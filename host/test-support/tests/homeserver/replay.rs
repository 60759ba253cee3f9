//! Plays captured calls against the double and compares: status, error code and sentence, and the whole shape of what
//! is answered. Identifiers and times differ, and are bound to each other as they come up.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

/// Strings that are different each time, and how a captured one is to be written here.
#[derive(Default)]
pub(crate) struct Bound(BTreeMap<String, String>);

/// Numbers and strings that say when, or hang on it.
const VOLATILE: [&str; 5] = ["age", "origin_server_ts", "ts", "duration_ms", "retry_after_ms"];

impl Bound {
    pub(crate) fn bind(&mut self, captured: &str, ours: &str) {
        self.0.insert(captured.to_owned(), ours.to_owned());
    }

    pub(crate) fn knows(&self, captured: &str) -> bool {
        self.0.contains_key(captured)
    }

    /// A path or a sentence, with our identifiers in place of the captured ones.
    pub(crate) fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // Longer ones first: none is part of another then.
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(captured, _)| std::cmp::Reverse(captured.len()));
        for (captured, ours) in all {
            text = text.replace(captured, ours).replace(&encoded(captured), &encoded(ours));
            if let (Some(captured), Some(ours)) =
                (captured.strip_prefix("mxc://"), ours.strip_prefix("mxc://"))
            {
                text = text.replace(captured, ours);
            }
        }
        text
    }

    pub(crate) fn value_here(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.here(text).into(),
            Value::Array(all) => all.iter().map(|value| self.value_here(value)).collect(),
            Value::Object(all) => all
                .iter()
                .map(|(key, value)| (self.here(key), self.value_here(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// What differs, at which place; binds identifiers on the way.
    pub(crate) fn compare(&mut self, at: &str, captured: &Value, ours: &Value, wrong: &mut Vec<String>) {
        match (captured, ours) {
            (Value::Object(captured), Value::Object(ours)) => {
                for (key, value) in captured {
                    let here = self.here(key);
                    match ours.get(&here) {
                        _ if VOLATILE.contains(&key.as_str()) && ours.contains_key(&here) => {}
                        Some(ours) => self.compare(&format!("{at}.{key}"), value, ours, wrong),
                        None => wrong.push(format!("{at}.{key} is missing")),
                    }
                }
                for key in ours.keys().filter(|key| !captured.keys().any(|k| self.here(k) == **key)) {
                    wrong.push(format!("{at}.{key} is too much"));
                }
            }
            (Value::Array(captured), Value::Array(ours)) => {
                if captured.len() != ours.len() {
                    wrong.push(format!("{at} has {} instead of {}", ours.len(), captured.len()));
                }
                for (n, (captured, ours)) in captured.iter().zip(ours).enumerate() {
                    self.compare(&format!("{at}[{n}]"), captured, ours, wrong);
                }
            }
            (Value::String(captured), Value::String(ours)) if is_identifier(captured) => {
                match self.0.get(captured) {
                    Some(bound) if bound == ours => {}
                    // Places in a history are where they are, and all access tokens are captured as one.
                    _ if is_token(captured) && is_token(ours) => self.bind(captured, ours),
                    _ if captured.starts_with("syt_") && ours.starts_with("syt_") => {}
                    Some(bound) => wrong.push(format!("{at} is {ours} instead of {bound}")),
                    None if captured.chars().next() == ours.chars().next() => self.bind(captured, ours),
                    None => wrong.push(format!("{at} is {ours} instead of something like {captured}")),
                }
            }
            (captured, ours) => {
                let wanted = self.value_here(captured);
                if wanted != *ours {
                    wrong.push(format!("{at} is {ours} instead of {wanted}"));
                }
            }
        }
    }
}

fn is_token(text: &str) -> bool {
    text.starts_with(['t', 's']) && text.ends_with("_0_0_0_0")
}

fn is_identifier(text: &str) -> bool {
    is_token(text)
        || text.starts_with("syt_")
        || text.starts_with("mxc://localhost/")
        || (text.starts_with(['$', '!']) && text.len() > 15)
}

/// As a path has it.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, ENCODED).to_string()
}

const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A captured call, asked here.
pub(crate) async fn ask(url: &str, token: Option<&str>, request: &Value, bound: &Bound) -> (u16, Value) {
    let path = bound.here(request["path"].as_str().unwrap());
    let method = Method::from_bytes(request["method"].as_str().unwrap().as_bytes()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test's own")]
    let mut ask = reqwest::Client::new().request(method, format!("{url}{path}"));
    if let Some(token) = token {
        ask = ask.bearer_auth(token);
    }
    let body = &request["body"];
    let raw = body.as_str().and_then(|body| body.strip_suffix(" raw bytes>"));
    let size = raw.and_then(|raw| raw.strip_prefix('<')?.parse().ok()).or(request["bytes"].as_u64());
    ask = match size {
        Some(size) => {
            let kind = request["type"].as_str().unwrap_or("text/plain");
            ask.header("Content-Type", kind).body(vec![b'x'; usize::try_from(size).unwrap()])
        }
        None if body.is_null() => ask,
        None => {
            let mut body = bound.value_here(body);
            if body["body"] == "<70000 x>" {
                body["body"] = "x".repeat(70_000).into();
            }
            ask.json(&body)
        }
    };
    let answer = ask.send().await.unwrap();
    let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
    let body =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(format!("<{} raw bytes>", bytes.len())));
    (status, body)
}
