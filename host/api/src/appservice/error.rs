//! What a homeserver is told when something is wrong.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A Matrix error: a status, an error code, a sentence. It shows nothing of the request and nothing of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// No token.
    #[error("the token is missing")]
    MissingToken,
    /// A token that is no registration's.
    #[error("the token is not known")]
    Forbidden,
    /// No such user or alias.
    #[error("there is no such name")]
    NotFound,
    /// No such endpoint.
    #[error("there is no such endpoint")]
    Unrecognized,
    /// The endpoint exists, for another method.
    #[error("the endpoint does not know this method")]
    MethodNotAllowed,
    /// The path is no UTF-8.
    #[error("the path cannot be read")]
    InvalidPath,
    /// A body larger than the host takes.
    #[error("the body is too large")]
    TooLarge,
    /// The body stood still, or ended too early.
    #[error("the body is incomplete")]
    Incomplete,
    /// It could not be kept: the homeserver has to send it again.
    #[error("it could not be stored; send it again")]
    NotStored,
}

// === impl MatrixError ===

impl MatrixError {
    fn code(self) -> (StatusCode, &'static str) {
        match self {
            Self::MissingToken => (StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "M_FORBIDDEN"),
            Self::NotFound => (StatusCode::NOT_FOUND, "M_NOT_FOUND"),
            Self::Unrecognized => (StatusCode::NOT_FOUND, "M_UNRECOGNIZED"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED"),
            Self::InvalidPath => (StatusCode::BAD_REQUEST, "M_INVALID_PARAM"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE"),
            Self::Incomplete => (StatusCode::REQUEST_TIMEOUT, "M_UNKNOWN"),
            Self::NotStored => (StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN"),
        }
    }
}

impl IntoResponse for MatrixError {
    fn into_response(self) -> Response {
        let (status, errcode) = self.code();
        (status, Json(json!({ "errcode": errcode, "error": self.to_string() }))).into_response()
    }
}
