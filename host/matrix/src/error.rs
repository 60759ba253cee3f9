//! What can go wrong between us and a homeserver, as its callers have to tell it apart: wait, look before repeating,
//! repair something first, or give up.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

/// When a homeserver says "later" without saying when.
const UNTOLD: Duration = Duration::from_secs(1);
/// Nobody may make us wait for longer than this before we ask again.
const LONGEST: Duration = Duration::from_secs(3600);
/// A homeserver's sentence is cut to so many characters.
const SENTENCE: usize = 200;

/// Why a call did not do what it should. None of these shows a token, an address or what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// 429. Nothing was done; ask again after this time.
    #[error("the homeserver asks to wait for {} ms", retry_after.as_millis())]
    RateLimited {
        /// How long to wait, at most an hour.
        retry_after: Duration,
    },
    /// No connection: the homeserver has seen nothing of it.
    #[error("the homeserver cannot be reached: {0}")]
    Unreachable(String),
    /// It was sent, and no whole answer came: it may have been done. Repeat it with the same transaction ID.
    #[error("the homeserver did not answer: {0}")]
    UnknownOutcome(String),
    /// The user we act as may not do this.
    #[error("the homeserver does not allow it: {0}")]
    Forbidden(String),
    /// What we spoke of is not there, or we may not know of it.
    #[error("the homeserver does not have it: {0}")]
    NotFound(String),
    /// The device we act as was deleted, or never made: make it, then repeat.
    #[error("the homeserver does not know the device")]
    UnknownDevice,
    /// Any other answer that is no success.
    #[error("the homeserver refused it: {status} {errcode}: {error}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// Such as `M_TOO_LARGE`; empty where there is none.
        errcode: String,
        /// The homeserver's sentence, shortened.
        error: String,
    },
    /// A success that cannot be understood: it may have been done, or something in between has answered.
    #[error("the homeserver's answer makes no sense: {0}")]
    InvalidAnswer(String),
    /// An identifier or content that cannot be sent. Nothing was sent.
    #[error("it cannot be sent: {0}")]
    InvalidRequest(String),
}

// === impl ClientError ===

impl ClientError {
    /// Whether the same call may succeed later with nothing changed on our side.
    ///
    /// A token that the homeserver does not know counts too: the operator repairs that on the other side. So does what no
    /// homeserver has said: a redirect or a page is from something in between that is not as it should be.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Unreachable(_)
            | Self::UnknownOutcome(_)
            | Self::InvalidAnswer(_) => true,
            Self::Rejected { status, errcode, .. } => {
                errcode.is_empty() || *status >= 500 || matches!(status, 401 | 408)
            }
            Self::Forbidden(_) | Self::NotFound(_) | Self::UnknownDevice | Self::InvalidRequest(_) => false,
        }
    }

    /// From an answer that is no success.
    pub(crate) fn from_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct MatrixError {
            errcode: String,
            error: String,
            retry_after_ms: Option<u64>,
        }
        let answer: MatrixError = serde_json::from_slice(body).unwrap_or_default();
        let error: String = answer.error.chars().filter(|c| !c.is_control()).take(SENTENCE).collect();
        match (status, answer.errcode.as_str()) {
            (StatusCode::TOO_MANY_REQUESTS, _) | (_, "M_LIMIT_EXCEEDED") => {
                let header =
                    headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
                let told =
                    header.map(Duration::from_secs).or(answer.retry_after_ms.map(Duration::from_millis));
                Self::RateLimited { retry_after: told.unwrap_or(UNTOLD).min(LONGEST) }
            }
            (_, "M_UNKNOWN_DEVICE") => Self::UnknownDevice,
            (_, "M_FORBIDDEN") => Self::Forbidden(error),
            (_, "M_NOT_FOUND") => Self::NotFound(error),
            (_, errcode) => {
                let errcode = errcode.chars().take(SENTENCE).collect();
                Self::Rejected { status: status.as_u16(), errcode, error }
            }
        }
    }

    /// From a request that has no answer. The address is left out: it has user IDs in it.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        let reached = !(error.is_connect() || error.is_builder());
        let error = error.without_url();
        let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        // The outermost sentence says only that a request failed; the innermost says why.
        let reason = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
        if reached { Self::UnknownOutcome(reason) } else { Self::Unreachable(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> ClientError {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = headers.collect::<HeaderMap>();
        ClientError::from_answer(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn a_rate_limit_says_how_long_by_header_first_and_never_for_ever() {
        let wait = |headers: &[(&str, &str)], body: &str| match answer(429, headers, body) {
            ClientError::RateLimited { retry_after } => retry_after.as_millis(),
            other => panic!("{other}"),
        };
        let body = r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":821}"#;
        assert_eq!(wait(&[("retry-after", "2")], body), 2000);
        assert_eq!(wait(&[], body), 821);
        assert_eq!(wait(&[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], body), 821);
        assert_eq!(wait(&[], "<html>"), 1000);
        assert_eq!(wait(&[("retry-after", "999999999")], ""), 3_600_000);
    }

    #[test]
    fn an_answer_is_told_apart_by_its_error_code_and_cut_to_size() {
        assert_eq!(answer(400, &[], r#"{"errcode":"M_UNKNOWN_DEVICE"}"#), ClientError::UnknownDevice);
        let forbidden = answer(400, &[], r#"{"errcode":"M_FORBIDDEN","error":"no"}"#);
        assert_eq!(forbidden, ClientError::Forbidden("no".to_owned()));
        let long = format!(r#"{{"errcode":"M_UNKNOWN","error":"{}"}}"#, "x".repeat(5000));
        let ClientError::Rejected { status: 400, errcode, error } = answer(400, &[], &long) else { panic!() };
        assert_eq!((errcode.as_str(), error.len()), ("M_UNKNOWN", 200));
    }

    #[test]
    fn what_no_homeserver_has_said_is_not_final() {
        for status in [301, 400, 404, 502] {
            let page = answer(status, &[], "<html>secret</html>");
            assert!(page.is_transient() && !page.to_string().contains("secret"), "{page}");
        }
        assert!(!answer(400, &[], r#"{"errcode":"M_BAD_JSON"}"#).is_transient());
        assert!(answer(401, &[], r#"{"errcode":"M_UNKNOWN_TOKEN"}"#).is_transient());
    }
}
