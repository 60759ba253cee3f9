//! A request as it would have left.

use serde_json::Value;

use crate::http::contract::{Chunk, Method, Piece, Request};

/// A request that a plugin sent. A secret stands as `<name>`, a file as `<its handle>`, in Base64 as `<base64 handle>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// In upper case.
    pub method: &'static str,
    /// With its query.
    pub url: String,
    /// Names as the plugin wrote them.
    pub headers: Vec<(String, String)>,
    /// End to end.
    pub body: Vec<u8>,
    /// The effect's name.
    pub step: Option<String>,
}

// === impl Sent ===

impl Sent {
    pub(super) fn of(request: &Request) -> Self {
        let headers =
            request.headers.iter().map(|field| (field.name.clone(), written(&field.value))).collect();
        let mut body = Vec::new();
        for chunk in &request.body {
            match chunk {
                Chunk::Bytes(bytes) => body.extend_from_slice(bytes),
                Chunk::File(name) | Chunk::Secret(name) => {
                    body.extend_from_slice(format!("<{name}>").as_bytes())
                }
                Chunk::FileBase64(name) => body.extend_from_slice(format!("<base64 {name}>").as_bytes()),
            }
        }
        let method = method(request.method);
        Self { method, url: written(&request.url), headers, body, step: request.step.clone() }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn written(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Secret(name) => text.extend(["<", name, ">"]),
        }
    }
    text
}
