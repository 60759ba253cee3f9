//! How the admin API answers: JSON, and one `Problem` shape for everything that is wrong, the framework's own
//! refusals included.

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::StatusCode;
use patchbay_storage::StorageError;
use patchbay_types::Problem;

/// A request that was refused, or could not be answered.
#[derive(Debug)]
pub(super) struct Refused(Problem);

/// A JSON body, refused as a [`Problem`].
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Refused))]
pub(super) struct Body<T>(pub(super) T);

/// Parts of the path, refused as a [`Problem`].
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Refused))]
pub(super) struct Path<T>(pub(super) T);

/// The query, refused as a [`Problem`].
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Refused))]
pub(super) struct Query<T>(pub(super) T);

/// What an endpoint answers.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// Any other path.
pub(super) async fn nothing_here() -> Refused {
    Problem::not_found("there is nothing at this path").into()
}

// === impl Refused ===

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the admin API could not ask the store");
        if error.is_transient() {
            Self(Problem::new(503, "store-unavailable", "the database does not answer now; try again"))
        } else {
            Self(Problem::internal())
        }
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self(Problem::new(rejection.status().as_u16(), "invalid", rejection.body_text()))
    }
}

impl From<PathRejection> for Refused {
    fn from(rejection: PathRejection) -> Self {
        Self(Problem::new(rejection.status().as_u16(), "invalid", rejection.body_text()))
    }
}

impl From<QueryRejection> for Refused {
    fn from(rejection: QueryRejection) -> Self {
        Self(Problem::new(rejection.status().as_u16(), "invalid", rejection.body_text()))
    }
}
