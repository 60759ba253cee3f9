//! Which homeserver is calling: found by its token, before anything of the body is read.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use patchbay_matrix::Ghosts;
use patchbay_types::{
    Digest, RegistrationId,
    config::{ConfigError, RegistrationConfig},
};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::{Appservice, error::MatrixError, transactions::Counters};

/// A homeserver that may call.
#[derive(Debug)]
pub struct Registered {
    id: RegistrationId,
    ghosts: Ghosts,
    hs_token: Digest,
    pub(super) counters: Counters,
}

/// All homeservers that may call.
#[derive(Debug)]
pub struct Registrations(Vec<Arc<Registered>>);

/// Who is calling, as a handler's argument: a request whose token is nobody's never gets to the handler.
pub(super) struct Caller(pub(super) Arc<Registered>);

// === impl Registered ===

impl Registered {
    /// A registration and the token that its homeserver shows. Its counters belong to the metrics recorder that is
    /// installed now: install it first.
    ///
    /// # Errors
    /// When its names make no scheme; see [`Ghosts::new`]. When the token is empty.
    pub fn new(config: &RegistrationConfig, hs_token: &str) -> Result<Self, ConfigError> {
        if hs_token.is_empty() {
            return Err(ConfigError::field(
                "registrations.hs-token",
                "it is empty: anybody could be the homeserver",
            ));
        }
        Ok(Self {
            id: config.id.clone(),
            ghosts: Ghosts::new(config)?,
            hs_token: Digest::of(hs_token.as_bytes()),
            counters: Counters::new(&config.id),
        })
    }

    /// The registration.
    #[must_use]
    pub fn id(&self) -> &RegistrationId {
        &self.id
    }

    /// Its names.
    #[must_use]
    pub fn ghosts(&self) -> &Ghosts {
        &self.ghosts
    }
}

// === impl Registrations ===

impl Registrations {
    /// All registrations of this host.
    ///
    /// # Errors
    /// When two have the same token: a transaction could be either's.
    pub fn new(all: impl IntoIterator<Item = Registered>) -> Result<Self, ConfigError> {
        let all: Vec<_> = all.into_iter().map(Arc::new).collect();
        for (n, one) in all.iter().enumerate() {
            if all.iter().skip(n + 1).any(|other| other.hs_token == one.hs_token) {
                let message = format!("`{}` shares its token with another registration", one.id);
                return Err(ConfigError::field("registrations.hs-token", message));
            }
        }
        Ok(Self(all))
    }

    /// The registration with this token. Digests of equal length are compared, all of them, in constant time: how long
    /// it takes says nothing about any token, nor which registration it came close to.
    fn find(&self, token: &str) -> Option<&Arc<Registered>> {
        let shown = Digest::of(token.as_bytes());
        let mut found = u32::MAX;
        for (n, registered) in (0_u32..).zip(&self.0) {
            found.conditional_assign(&n, registered.hs_token.as_bytes().ct_eq(shown.as_bytes()));
        }
        self.0.get(usize::try_from(found).ok()?)
    }
}

// === impl Caller ===

impl FromRequestParts<Appservice> for Caller {
    type Rejection = MatrixError;

    async fn from_request_parts(parts: &mut Parts, state: &Appservice) -> Result<Self, MatrixError> {
        let token = match parts.headers.get(AUTHORIZATION) {
            Some(value) => Cow::Borrowed(value.to_str().ok().and_then(bearer).ok_or(MatrixError::Forbidden)?),
            None => in_query(parts.uri.query().unwrap_or_default()).ok_or(MatrixError::MissingToken)?,
        };
        let found = state.registrations.find(&token).ok_or(MatrixError::Forbidden)?;
        Ok(Self(Arc::clone(found)))
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Homeservers before Matrix 1.4 show the token here, and Synapse does when it is told to.
fn in_query(query: &str) -> Option<Cow<'_, str>> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "access_token").map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use patchbay_types::config::HostConfig;

    use super::*;

    fn registered(id: &str, token: &str) -> Registered {
        let config = HostConfig::parse(&format!(
            "[[registrations]]\nid = '{id}'\nhomeserver = 'http://localhost:8008'\nserver-name = 'localhost'\n\
             url = 'http://localhost:9108'\nas-token = 'a'\nhs-token = 'h'\n"
        ));
        Registered::new(&config.unwrap().registrations[0], token).unwrap()
    }

    #[test]
    fn a_token_finds_its_own_registration_and_no_other() {
        let all =
            Registrations::new([registered("one", "t1"), registered("two", "t2"), registered("three", "t3")]);
        let all = all.unwrap();
        let id = |token: &str| all.find(token).map(|found| found.id().to_string());
        assert_eq!(id("t1").as_deref(), Some("one"));
        assert_eq!(id("t3").as_deref(), Some("three"));
        for wrong in ["", "t", "t11", "T1", "t4"] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_that_two_registrations_share_is_refused_and_not_shown() {
        let error = Registrations::new([registered("one", "t1"), registered("two", "t1")]).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("registrations.hs-token"));
        assert!(!error.to_string().contains("t1"));
    }

    #[test]
    fn the_header_and_the_query_are_read_as_they_are_written() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("abc"), None);
        assert_eq!(in_query("a=b&access_token=x%2By").as_deref(), Some("x+y"));
        assert_eq!(in_query("xaccess_token=x"), None);
    }
}
