//! A request in the making.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{
    Error, Multipart, Url, Value, body,
    contract::{self, Chunk, Destination, Field, Method, Piece, Response, Take},
    host,
    value::Secret,
};
use crate::types::Attachment;

/// A request in the making: see [`get`] and [`post`], then [`Request::send`].
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is sent before `send` or `answer`"]
pub struct Request {
    inner: contract::Request,
    /// Why it cannot be sent.
    problem: Option<String>,
}

/// Reads.
pub fn get(url: impl Into<Url>) -> Request {
    request(Method::Get, url)
}

/// Reads the headers alone.
pub fn head(url: impl Into<Url>) -> Request {
    request(Method::Head, url)
}

/// Mostly makes something: give it a [step](Request::step).
pub fn post(url: impl Into<Url>) -> Request {
    request(Method::Post, url)
}

/// Replaces.
pub fn put(url: impl Into<Url>) -> Request {
    request(Method::Put, url)
}

/// Changes.
pub fn patch(url: impl Into<Url>) -> Request {
    request(Method::Patch, url)
}

/// Removes.
pub fn delete(url: impl Into<Url>) -> Request {
    request(Method::Delete, url)
}

/// By any method of the contract.
pub fn request(method: Method, url: impl Into<Url>) -> Request {
    let Url { pieces: url, problem, .. } = url.into();
    let (headers, body, take) = (Vec::new(), Vec::new(), Vec::new());
    Request {
        inner: contract::Request { method, url, headers, body, take, timeout: None, step: None },
        problem,
    }
}

// === impl Request ===

impl Request {
    /// One more header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inner.headers.push(Field { name: name.to_owned(), value: value.into().0 });
        self
    }

    /// `Authorization: Bearer …` (RFC 6750).
    pub fn bearer(self, token: Secret) -> Self {
        self.header("authorization", Value(vec![Piece::Text("Bearer ".to_owned()), Piece::Secret(token.0)]))
    }

    /// `value` as the JSON body. In a type of yours, [`Secret`] and [`FileBase64`](super::FileBase64) are fields like
    /// any other, and the host fills them in.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match body::json(value) {
            Ok(chunks) => self.inner.body = chunks,
            Err(why) => self.problem = self.problem.or(Some(why)),
        }
        self.content_type("application/json")
    }

    /// `fields` as the body, as a browser's form sends them.
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut bytes = Vec::new();
        for (n, (name, value)) in fields.into_iter().enumerate() {
            let divider = if n == 0 { "" } else { "&" };
            bytes.extend_from_slice(format!("{divider}{}=", encoded(name)).as_bytes());
            for piece in value.0 {
                match piece {
                    Piece::Text(text) => bytes.extend_from_slice(encoded(&text).as_bytes()),
                    Piece::Secret(name) => {
                        self.inner
                            .body
                            .extend([Chunk::Bytes(std::mem::take(&mut bytes)), Chunk::Secret(name)]);
                    }
                }
            }
        }
        self.inner.body.push(Chunk::Bytes(bytes));
        self.content_type("application/x-www-form-urlencoded")
    }

    /// Parts as the body.
    pub fn multipart(mut self, form: Multipart) -> Self {
        let (chunks, boundary) = form.chunks();
        self.inner.body = chunks;
        self.content_type(&format!("multipart/form-data; boundary={boundary}"))
    }

    /// A file that an adapter was given as the body. Its bytes go from the homeserver to the CRM, and never through the
    /// plugin.
    pub fn file(mut self, file: &Attachment) -> Self {
        self.inner.body = vec![Chunk::File(file.handle.clone())];
        self.content_type(&file.mime_type)
    }

    /// `bytes` as the body, which is of type `mime_type`.
    pub fn bytes(mut self, mime_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.inner.body = vec![Chunk::Bytes(bytes.into())];
        self.content_type(mime_type)
    }

    /// The effect's name, unique within the call: once it was answered 2xx, a later attempt gets that answer and sends
    /// nothing.
    pub fn step(mut self, name: impl Into<String>) -> Self {
        self.inner.step = Some(name.into());
        self
    }

    /// The longest that it may take, if the grant allows as much.
    pub fn timeout(mut self, longest: Duration) -> Self {
        self.inner.timeout = Some(u32::try_from(longest.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// A part of the 2xx answer that goes to the host instead of the plugin; `at` is a JSON Pointer, empty for the whole
    /// body. Where a file was taken the answer has its handle, where a secret was, nothing.
    pub fn take(mut self, at: &str, into: Destination) -> Self {
        self.inner.take.push(Take { at: at.to_owned(), into });
        self
    }

    /// Sends it; answers what came back, if it is 2xx.
    ///
    /// # Errors
    /// See [`Error`]; another status is [`Error::Status`].
    pub fn send(self) -> Result<Response, Error> {
        let response = self.answer()?;
        if response.is_success() { Ok(response) } else { Err(Error::Status(response)) }
    }

    /// Sends it; answers whatever came back.
    ///
    /// # Errors
    /// See [`Error`]; never [`Error::Status`].
    pub fn answer(self) -> Result<Response, Error> {
        match self.problem {
            Some(why) => Err(Error::Malformed(why)),
            None => host::send(&self.inner).map_err(Error::from),
        }
    }

    /// Sends it; answers a handle of the file that the body is. The bytes go to the host.
    ///
    /// # Errors
    /// See [`Request::send`].
    pub fn send_for_file(self) -> Result<String, Error> {
        let response = self.take("", Destination::File).send()?;
        String::from_utf8(response.body)
            .map_err(|_| Error::Unexpected("the host answered no handle".to_owned()))
    }

    fn content_type(mut self, mime_type: &str) -> Self {
        if self.inner.headers.iter().any(|field| field.name.eq_ignore_ascii_case("content-type")) {
            return self;
        }
        self.inner.headers.push(Field { name: "content-type".to_owned(), value: Value::from(mime_type).0 });
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        http::{secret, text, url},
        testing::{Expect, Host},
    };

    #[test]
    fn what_is_no_request_is_never_sent() {
        let _host = Host::new();
        let refused = |request: Request| matches!(request.send(), Err(Error::Malformed(_)));
        assert!(refused(get(url("https://a.example").segment(".."))));
        assert!(refused(post("https://a.example").json(&std::collections::BTreeMap::from([((1, 2), 3)]))));
    }

    #[test]
    fn a_form_encodes_what_it_is_given_and_leaves_secrets_to_the_host() {
        let host = Host::new();
        host.expect(Expect::post("https://a.example/token").with(|sent| {
            sent.text() == "a%20b=%26%3D&key=<k>&z=1"
                && sent.header("content-type") == Some("application/x-www-form-urlencoded")
        }));
        let fields = [("a b", Value::from("&=")), ("key", secret("k").into()), ("z", 1_u64.into())];
        post("https://a.example/token").form(fields).send().unwrap();
    }

    #[test]
    fn a_type_of_the_authors_own_wins_over_the_bodys() {
        let host = Host::new();
        host.expect(Expect::post("https://a.example").header("content-type", "application/vnd.a+json"));
        let headed = post("https://a.example").header("Content-Type", "application/vnd.a+json");
        headed.json(&json!({})).send().unwrap();
        assert_eq!(host.requests()[0].headers.len(), 1);
    }

    #[test]
    fn a_value_is_text_and_secrets_end_to_end() {
        let host = Host::new();
        host.expect(Expect::get("https://a.example").header("authorization", "Token token=<t>, v=1"));
        get("https://a.example")
            .header("authorization", text("Token token=").then(secret("t")).then(", v=").then(1_u64))
            .send()
            .unwrap();
    }

    #[test]
    fn a_file_goes_to_the_host_and_its_handle_comes_back() {
        let host = Host::new();
        host.expect(Expect::get("https://a.example/f").answer_bytes(200, b"bytes"));
        let handle = get("https://a.example/f").send_for_file().unwrap();
        assert_eq!(host.file(&handle).as_deref(), Some(&b"bytes"[..]));
    }
}
