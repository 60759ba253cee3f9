//! What is asked and what is answered, as the contract's `http` interface has it. A request names its secrets and holds
//! none, so it may be kept, shown and compared.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::text;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its URL, end to end. Scheme, host and port are text; a secret behind them is percent-encoded.
    pub url: Vec<Piece>,
    /// Its header fields, in order; several of one name stay several.
    pub headers: Vec<Field>,
    /// Its body, end to end.
    pub body: Vec<Chunk>,
    /// What of a 2xx answer goes to the host.
    pub take: Vec<Take>,
    /// The longest that it may take; none, or more than is configured: what is configured.
    pub timeout: Option<Duration>,
}

/// The contract's methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are RFC 9110's and RFC 5789's own")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// A part of a URL or of a header's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece {
    /// Itself. It is never searched for a secret's name.
    Text(String),
    /// The value of the secret of this name.
    Secret(String),
}

/// A header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value, end to end.
    pub value: Vec<Piece>,
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chunk {
    /// Itself.
    Bytes(#[serde(with = "text")] Vec<u8>),
    /// The file of this handle.
    File(String),
    /// The file of this handle, in Base64.
    FileBase64(String),
    /// The value of the secret of this name.
    Secret(String),
}

/// A part of a 2xx answer that goes to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// A JSON Pointer (RFC 6901); empty: the whole body.
    pub at: String,
    /// Where it goes.
    pub into: Destination,
}

/// Where a part of an answer goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// A file of these bytes.
    File,
    /// A file of what this Base64 says.
    Base64File,
    /// The secret of this name.
    Secret(String),
}

/// An answer, of whatever status.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its header fields, in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, decompressed.
    #[serde(with = "text")]
    pub body: Vec<u8>,
    /// It says success, and its body could not be read, for this reason; the body is empty then.
    #[serde(skip)]
    pub unread: Option<Failure>,
}

/// Why there is no answer: exactly the contract's four. No sentence holds a secret, a path or a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It asks for what was not granted or cannot be sent. Repeating it does not help.
    #[error("denied: {0}")]
    Denied(String),
    /// Nothing was sent: repeating it is safe.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Some of it was sent, and no whole answer came back: it may have been carried out.
    #[error("unknown outcome: {0}")]
    UnknownOutcome(String),
    /// The body that was to be sent, or the answer's, is larger than this many bytes.
    #[error("too large: more than {0} bytes")]
    TooLarge(u64),
}

// === impl Method ===

impl Method {
    /// In lower case, as grants name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// It asks and changes nothing, so it may be asked again elsewhere.
    pub(crate) fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

// === impl Failure ===

impl Failure {
    /// Its word in metrics and logs.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Unreachable(_) => "unreachable",
            Self::UnknownOutcome(_) => "unknown-outcome",
            Self::TooLarge(_) => "too-large",
        }
    }
}

/// What a server says is a customer's business, and not the log's.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("bytes", &self.body.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_as_it_was_kept_and_shows_secrets_by_name() {
        let request = Request {
            method: Method::Post,
            url: vec![Piece::Text("https://crm.example.org/".to_owned()), Piece::Secret("path".to_owned())],
            headers: vec![Field { name: "a".to_owned(), value: vec![Piece::Secret("token".to_owned())] }],
            body: vec![
                Chunk::Bytes(b"{\"a\":1}".to_vec()),
                Chunk::Bytes(vec![0xff, 0]),
                Chunk::FileBase64("f1".to_owned()),
            ],
            take: vec![Take { at: "/x".to_owned(), into: Destination::Secret("new".to_owned()) }],
            timeout: Some(Duration::from_millis(1500)),
        };
        let kept = serde_json::to_string(&request).unwrap();
        assert!(kept.contains(r#"{"bytes":"{\"a\":1}"}"#), "text stays readable: {kept}");
        assert_eq!(serde_json::from_str::<Request>(&kept).unwrap(), request);
        let response = Response { status: 200, headers: vec![], body: vec![0xff], unread: None };
        let kept = serde_json::to_string(&response).unwrap();
        assert_eq!(serde_json::from_str::<Response>(&kept).unwrap(), response);
    }
}
