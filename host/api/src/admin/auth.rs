//! The admin token. Whoever has it may do everything; it is compared in constant time.

use std::{fmt, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::header::AUTHORIZATION;
use patchbay_types::Problem;
use subtle::ConstantTimeEq as _;

use super::answer::Refused;

/// The admin API's token.
#[derive(Clone)]
pub struct AdminToken(Arc<str>);

// === impl AdminToken ===

impl AdminToken {
    /// Takes the token in clear.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.into())
    }

    fn is(&self, shown: &str) -> bool {
        // An empty token would be shown by anybody.
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(shown.as_bytes()))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Lets a request through that shows `Authorization: Bearer <admin token>`.
pub(super) async fn check(
    State(token): State<AdminToken>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match shown.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(shown) if token.is(shown) => Ok(next.run(request).await),
        Some(_) => Err(Problem::new(403, "forbidden", "this is not the admin token of this host").into()),
        None => Err(Problem::new(
            401,
            "unauthorised",
            "show the token of the host's `admin.token` as `Authorization: Bearer …`",
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = AdminToken::new("abc");
        assert!(token.is("abc"));
        for other in ["", "ab", "abcd", "abd"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!AdminToken::new("").is(""));
    }
}
