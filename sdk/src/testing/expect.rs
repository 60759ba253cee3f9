//! What a test expects to be sent, and what comes back.

use std::fmt;

use serde_json::Value;

use super::Sent;
use crate::{
    http::{Response, contract::Failure},
    types::Header,
};

/// One request that is to come, and its answer: 200 and `{}` unless said otherwise.
pub struct Expect {
    method: &'static str,
    url: String,
    conditions: Vec<Condition>,
    pub(super) answer: Result<Response, Failure>,
    pub(super) repeatedly: bool,
}

type Condition = (String, Box<dyn Fn(&Sent) -> bool>);

// === impl Expect ===

impl Expect {
    /// A GET of `url`, query included.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::of("GET", url.into())
    }

    /// A POST to `url`, query included.
    #[must_use]
    pub fn post(url: impl Into<String>) -> Self {
        Self::of("POST", url.into())
    }

    /// A PUT to `url`, query included.
    #[must_use]
    pub fn put(url: impl Into<String>) -> Self {
        Self::of("PUT", url.into())
    }

    /// A PATCH of `url`, query included.
    #[must_use]
    pub fn patch(url: impl Into<String>) -> Self {
        Self::of("PATCH", url.into())
    }

    /// A DELETE of `url`, query included.
    #[must_use]
    pub fn delete(url: impl Into<String>) -> Self {
        Self::of("DELETE", url.into())
    }

    fn of(method: &'static str, url: String) -> Self {
        let answer = Ok(Response { status: 200, headers: Vec::new(), body: b"{}".to_vec() });
        Self { method, url, conditions: Vec::new(), answer, repeatedly: false }
    }

    /// With this JSON as its body.
    #[must_use]
    pub fn json(self, body: Value) -> Self {
        let what = format!("with the body {body}");
        self.condition(what, move |sent| sent.json() == body)
    }

    /// With this header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let (what, name, value) = (format!("with {name}: {value}"), name.to_owned(), value.to_owned());
        self.condition(what, move |sent| sent.header(&name) == Some(&value))
    }

    /// Under this step's name.
    #[must_use]
    pub fn step(self, name: &str) -> Self {
        let (what, name) = (format!("as step {name}"), name.to_owned());
        self.condition(what, move |sent| sent.step.as_ref() == Some(&name))
    }

    /// Where this holds.
    #[must_use]
    pub fn with(self, holds: impl Fn(&Sent) -> bool + 'static) -> Self {
        self.condition("where the test's condition holds".to_owned(), holds)
    }

    fn condition(mut self, what: String, holds: impl Fn(&Sent) -> bool + 'static) -> Self {
        self.conditions.push((what, Box::new(holds)));
        self
    }

    /// Is answered with this status and JSON.
    #[must_use]
    pub fn answer(self, status: u16, body: Value) -> Self {
        self.answer_bytes(status, body.to_string().as_bytes())
    }

    /// Is answered with this status and body.
    #[must_use]
    pub fn answer_bytes(mut self, status: u16, body: &[u8]) -> Self {
        self.answer = Ok(Response { status, headers: Vec::new(), body: body.to_vec() });
        self
    }

    /// Its answer has this header too.
    #[must_use]
    pub fn answer_header(mut self, name: &str, value: &str) -> Self {
        if let Ok(response) = &mut self.answer {
            response.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
        }
        self
    }

    /// Is not sent, since the other side cannot be reached.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.fails(Failure::Unreachable("connection refused".to_owned()))
    }

    /// Is sent, and no answer comes back.
    #[must_use]
    pub fn lost(self) -> Self {
        self.fails(Failure::UnknownOutcome("the connection was closed".to_owned()))
    }

    /// Ends in this failure of the contract.
    #[must_use]
    pub fn fails(mut self, failure: Failure) -> Self {
        self.answer = Err(failure);
        self
    }

    /// Any number of times, none included.
    #[must_use]
    pub fn repeatedly(mut self) -> Self {
        self.repeatedly = true;
        self
    }

    pub(super) fn fits(&self, sent: &Sent) -> bool {
        self.method == sent.method
            && self.url == sent.url
            && self.conditions.iter().all(|(_, holds)| holds(sent))
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)?;
        self.conditions.iter().try_for_each(|(what, _)| write!(f, " {what}"))
    }
}
