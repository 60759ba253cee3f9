//! What can go wrong with a request, and what the host does about it.

use std::time::{Duration, UNIX_EPOCH};

use super::{Response, contract};
use crate::{
    bindings::adapter::exports::patchbay::plugin::adapter::{Failure, FailureKind},
    clock,
};

/// Why there is no answer, or not the one that was wanted. With `?` it becomes a [`Failure`] whose kind fits; where
/// "not there" means more than that, see [`Error::gone`] and [`Error::unknown_person`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// It was not made: a URL or a body that is none.
    #[error("the request could not be made: {0}")]
    Malformed(String),
    /// The operator has not granted it.
    #[error("not granted: {0}")]
    Denied(String),
    /// It was not sent: repeating it is safe.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// It was sent, and no answer came back. Look before sending it again.
    #[error("no answer came back: {0}")]
    UnknownOutcome(String),
    /// The body is larger than that many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// It was answered, but not with 2xx.
    #[error("answered {}{}", .0.status, complaint(.0))]
    Status(Response),
    /// The answer is none that can be read.
    #[error("{0}")]
    Unexpected(String),
}

// === impl Error ===

impl Error {
    /// The status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(response) => Some(response.status),
            _ => None,
        }
    }

    /// Whether it is not there (any more): 404 or 410.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.status(), Some(404 | 410))
    }

    /// As a failure, where 404 and 410 mean that the ticket is gone: `.send().map_err(Error::gone)?`.
    #[must_use]
    pub fn gone(self) -> Failure {
        self.missing(FailureKind::Gone)
    }

    /// As a failure, where 404 and 410 mean that the person is gone: `.send().map_err(Error::unknown_person)?`.
    #[must_use]
    pub fn unknown_person(self) -> Failure {
        self.missing(FailureKind::UnknownPerson)
    }

    fn missing(self, kind: FailureKind) -> Failure {
        let missing = self.is_missing();
        let failure = Failure::from(self);
        if missing { Failure { kind, ..failure } } else { failure }
    }
}

impl From<contract::Failure> for Error {
    fn from(failure: contract::Failure) -> Self {
        match failure {
            contract::Failure::Denied(why) => Self::Denied(why),
            contract::Failure::Unreachable(why) => Self::Unreachable(why),
            contract::Failure::UnknownOutcome(why) => Self::UnknownOutcome(why),
            contract::Failure::TooLarge(bytes) => Self::TooLarge(bytes),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            // The connection pauses until the operator grants it, and nothing is lost meanwhile.
            Error::Denied(_) => FailureKind::Unauthorised,
            Error::Unreachable(_) | Error::UnknownOutcome(_) => FailureKind::Unavailable,
            Error::Malformed(_) | Error::TooLarge(_) | Error::Unexpected(_) => FailureKind::Rejected,
            Error::Status(response) => match response.status {
                401 | 403 => FailureKind::Unauthorised,
                408 | 425 | 429 => FailureKind::Busy,
                500..=599 => FailureKind::Unavailable,
                _ => FailureKind::Rejected,
            },
        };
        let retry_after = match &error {
            Error::Status(response) if matches!(kind, FailureKind::Busy | FailureKind::Unavailable) => {
                response.header("retry-after").and_then(pause)
            }
            _ => None,
        };
        Self { retry_after, ..Self::of(kind, error.to_string()) }
    }
}

/// `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3).
fn pause(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let until = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let wait = until.saturating_sub(Duration::from_millis(clock::now()));
    u64::try_from(wait.as_millis()).ok()
}

/// What the other side says is wrong, where its answer is JSON with one of the customary fields.
fn complaint(response: &Response) -> String {
    let Ok(serde_json::Value::Object(body)) = serde_json::from_slice(&response.body) else {
        return String::new();
    };
    let field = |name: &&str| body.get(*name).and_then(serde_json::Value::as_str);
    let said = ["error", "message", "detail", "error_description", "title"].iter().find_map(field);
    said.map(|said| format!(": {}", said.chars().take(200).collect::<String>())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{testing::Host, types::Header};

    fn answered(status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
        let header =
            |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
        let headers = headers.iter().map(header).collect();
        Error::Status(Response { status, headers, body: body.as_bytes().to_vec() }).into()
    }

    #[test]
    fn each_status_is_the_failure_after_which_the_host_does_the_right_thing() {
        for (status, kind) in [
            (401, FailureKind::Unauthorised),
            (403, FailureKind::Unauthorised),
            (404, FailureKind::Rejected),
            (408, FailureKind::Busy),
            (422, FailureKind::Rejected),
            (425, FailureKind::Busy),
            (429, FailureKind::Busy),
            (500, FailureKind::Unavailable),
            (503, FailureKind::Unavailable),
            (301, FailureKind::Rejected),
        ] {
            assert_eq!(answered(status, &[], "").kind, kind, "{status}");
        }
        let kind = |error: Error| Failure::from(error).kind;
        assert_eq!(kind(Error::Unreachable(String::new())), FailureKind::Unavailable);
        assert_eq!(kind(Error::UnknownOutcome(String::new())), FailureKind::Unavailable);
        assert_eq!(kind(Error::Denied(String::new())), FailureKind::Unauthorised);
        assert_eq!(kind(Error::TooLarge(1)), FailureKind::Rejected);
    }

    #[test]
    fn what_is_missing_is_gone_only_where_the_adapter_says_so() {
        let status = |status| Error::Status(Response { status, headers: Vec::new(), body: Vec::new() });
        assert_eq!(status(404).gone().kind, FailureKind::Gone);
        assert_eq!(status(410).unknown_person().kind, FailureKind::UnknownPerson);
        assert_eq!(status(429).gone().kind, FailureKind::Busy);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let host = Host::new();
        // Sun, 06 Nov 1994 08:49:37 GMT
        host.set_now(784_111_777_000 - 90_000);
        assert_eq!(answered(429, &[("Retry-After", " 7 ")], "").retry_after, Some(7000));
        let date = |date| answered(503, &[("retry-after", date)], "").retry_after;
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(90_000));
        assert_eq!(date("Sat, 06 Nov 1993 08:49:37 GMT"), Some(0));
        assert_eq!(date("soon"), None);
        assert_eq!(answered(422, &[("retry-after", "7")], "").retry_after, None);
    }

    #[test]
    fn what_the_other_side_complains_of_is_told_and_the_rest_of_its_answer_is_not() {
        let failure = answered(422, &[], r#"{"error":"title is too long","echo":"my secret diary"}"#);
        assert_eq!(failure.detail, "answered 422: title is too long");
        assert_eq!(answered(500, &[], "<html>my secret diary").detail, "answered 500");
    }
}
