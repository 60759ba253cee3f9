//! What is a secret by the name of the field, header or parameter that it stands in, or by its place in a URL.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value};

/// Headers that are a secret themselves, and words in the names of further ones, of fields and of parameters.
const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
const WORDS: [&str; 7] = ["token", "secret", "password", "passwd", "api-key", "apikey", "api_key"];

/// Shorter ones stand in ordinary text by chance.
const LEAST: usize = 8;

/// Secrets, by what they are.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeSet<String>);

/// Constant patterns, which always build.
static IN_URL: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let user = Regex::new(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@").ok()?;
    let parameter = Regex::new(r#"(?:^|[?&])([A-Za-z0-9_.\[\]-]+)=([^&#\s"'<>]+)"#).ok()?;
    Some([user, parameter])
});

// === impl Found ===

impl Found {
    /// All of them but what is a name of a secret.
    pub(super) fn secrets<'a>(self, names: &'a BTreeSet<&str>) -> impl Iterator<Item = String> + 'a {
        self.0.into_iter().filter(|secret| !names.contains(secret.as_str()))
    }

    /// Looks through a value, and through the documents that stand in its texts.
    pub(super) fn in_document(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.in_document(item)),
            Value::Object(fields) => {
                self.in_header(fields);
                for (key, field) in fields {
                    match field {
                        Value::String(text) if is_secret(key) => self.put(text),
                        field => self.in_document(field),
                    }
                }
            }
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(document @ (Value::Object(_) | Value::Array(_))) => self.in_document(&document),
                _ => self.in_text(text),
            },
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    /// `{ name, value }`: as it came, or in pieces, as it is sent.
    fn in_header(&mut self, fields: &Map<String, Value>) {
        let (Some(Value::String(name)), Some(value)) = (fields.get("name"), fields.get("value")) else {
            return;
        };
        let name = name.to_ascii_lowercase();
        if !HEADERS.contains(&name.as_str()) && !is_secret(&name) {
            return;
        }
        match value {
            Value::String(text) => self.credentials(&name, text),
            Value::Array(pieces) => {
                // What stands beside a secret that the host fills in is a scheme.
                let is_secret = |piece: &Value| piece.get("Secret").is_some();
                let texts = pieces.iter().filter_map(|piece| piece.get("Text")?.as_str());
                if !pieces.iter().any(is_secret) {
                    texts.for_each(|text| self.credentials(&name, text));
                }
            }
            _ => {}
        }
    }

    /// `Bearer …`: the secret stands behind the word; cookies are named, and have attributes.
    fn credentials(&mut self, name: &str, text: &str) {
        if name.ends_with("cookie") {
            let cookies = text.split(';').take(if name == "cookie" { usize::MAX } else { 1 });
            cookies.filter_map(|cookie| cookie.split_once('=')).for_each(|(_, value)| self.put(value.trim()));
            return;
        }
        self.put(text.split_once(' ').map_or(text, |(_, behind)| behind));
    }

    fn in_text(&mut self, text: &str) {
        let Some([user, parameter]) = &*IN_URL else { return };
        for found in user.captures_iter(text) {
            self.0.extend(found.get(1).map(|password| password.as_str().to_owned()));
        }
        for found in parameter.captures_iter(text) {
            if let (Some(name), Some(value)) = (found.get(1), found.get(2))
                && is_secret(name.as_str())
            {
                self.put(value.as_str());
            }
        }
    }

    fn put(&mut self, secret: &str) {
        if secret.len() >= LEAST {
            self.0.insert(secret.to_owned());
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}
