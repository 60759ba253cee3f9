//! Identifiers. Each is text with a meaning of its own, so that a room is never taken for a ticket.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self(String::deserialize(deserializer)?.into()))
            }
        }
    };
}

id! {
    /// A tenant: the stem of its file `tenants/<tenant>.toml`; see [`TenantId::parse`] for what it may look like.
    TenantId
}
id! {
    /// The `id` of an application service registration.
    RegistrationId
}
id! {
    /// A Matrix room ID. Room version 12 has no server part, so nothing may be read out of it.
    RoomId
}
id! {
    /// A Matrix event ID.
    EventId
}
id! {
    /// A Matrix user ID, `@localpart:server`.
    UserId
}
id! {
    /// An adapter's instance name within its tenant: the key below `[adapters]`.
    AdapterName
}
id! {
    /// A conversation, unique in its tenant.
    ConversationId
}
id! {
    /// A ticket, by its adapter's own identifier.
    TicketId
}

/// A name that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is no {what} name: 1 to 40 characters of a-z, 0-9, `-` and `_`, beginning with a letter or digit"
)]
pub struct InvalidName {
    /// What kind of name was wanted, such as `tenant`.
    pub what: &'static str,
    /// What was given instead, cut to 80 characters.
    pub name: String,
}

// === impl TenantId ===

impl TenantId {
    /// A tenant's name goes into file names, metrics labels and ghosts' localparts, so it is kept plain.
    ///
    /// # Errors
    /// When it is not 1 to 40 characters of `a-z`, `0-9`, `-`, `_`, beginning with a letter or digit.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        plain_name("tenant", text).map(Self::from)
    }
}

// === impl AdapterName ===

impl AdapterName {
    /// The same rule as for [`TenantId::parse`].
    ///
    /// # Errors
    /// When it is not 1 to 40 characters of `a-z`, `0-9`, `-`, `_`, beginning with a letter or digit.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        plain_name("adapter", text).map(Self::from)
    }
}

// === impl UserId ===

impl UserId {
    /// The part after the first `:`, or nothing where there is none.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.0.split_once(':').map(|(_, server)| server)
    }

    /// The part between `@` and the first `:`.
    #[must_use]
    pub fn localpart(&self) -> Option<&str> {
        self.0.strip_prefix('@')?.split_once(':').map(|(localpart, _)| localpart)
    }
}

fn plain_name<'a>(what: &'static str, text: &'a str) -> Result<&'a str, InvalidName> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let well_formed = (1..=40).contains(&text.len())
        && text.starts_with(plain)
        && text.chars().all(|c| plain(c) || c == '-' || c == '_');
    if well_formed { Ok(text) } else { Err(InvalidName { what, name: text.chars().take(80).collect() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_name_stays_plain() {
        assert!(TenantId::parse("acme-2").is_ok());
        for bad in ["", "Acme", "-acme", "a/b", "..", "a b", &"x".repeat(41)] {
            assert!(TenantId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_user_id_has_a_localpart_and_a_server_with_its_port() {
        let user = UserId::from("@alice:example.org:8448");
        assert_eq!((user.localpart(), user.server()), (Some("alice"), Some("example.org:8448")));
        assert_eq!(UserId::from("alice").localpart(), None);
    }
}
