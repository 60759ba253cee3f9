//! The names under which we act: the bot, a ghost for each person of each tenant, and aliases. A name says whose it
//! is, can be read back, and no two persons ever share one.

use std::fmt::Write as _;

use patchbay_types::{Digest, TenantId, UserId, config::ConfigError, config::RegistrationConfig};

/// The longest user ID and alias, in bytes, that the specification allows.
const MAX_NAME: usize = 255;
/// Hexadecimal digits of a digest that stands for a name that is too long: 160 bits.
const HASH_DIGITS: usize = 40;

/// The naming scheme of one registration:
/// `@{prefix}{tenant}_{person}:{server}` and `#{prefix}{tenant}_{name}:{server}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ghosts {
    prefix: String,
    server: String,
    bot: UserId,
}

/// A ghost's name, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ghost {
    /// Whose ghost it is. The name is well formed; whether there is such a tenant is another question.
    pub tenant: TenantId,
    /// The person's identifier; none where it was too long for a name, and a digest stands for it.
    pub person: Option<String>,
}

// === impl Ghosts ===

impl Ghosts {
    /// The scheme that a registration's `prefix`, `sender-localpart` and `server-name` make.
    ///
    /// # Errors
    /// When they cannot be part of a user ID, leave no room for a ghost's name, or would give the bot a ghost's name.
    pub fn new(registration: &RegistrationConfig) -> Result<Self, ConfigError> {
        let RegistrationConfig { prefix, sender_localpart: bot, server_name: server, .. } = registration;
        for (field, text) in [("registrations.prefix", prefix), ("registrations.sender-localpart", bot)] {
            if text.is_empty() || !text.bytes().all(in_localpart) {
                return Err(ConfigError::field(field, "only a-z, 0-9 and . _ = - / may be in a user ID"));
            }
        }
        if server.is_empty() || server.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
            return Err(ConfigError::field("registrations.server-name", "it is no server name"));
        }
        // A tenant's name has up to 40 characters; the first is never one that is written as three.
        let longest =
            "@".len() + prefix.len() + (1 + 39 * 3) + "_=h".len() + HASH_DIGITS + ":".len() + server.len();
        if longest > MAX_NAME || bot.len() + server.len() + 2 > MAX_NAME {
            let message =
                format!("with the server's name it leaves no room for a ghost's name in {MAX_NAME} bytes");
            return Err(ConfigError::field("registrations.prefix", message));
        }
        let scheme = Self {
            prefix: prefix.clone(),
            server: server.clone(),
            bot: UserId::from(format!("@{bot}:{server}")),
        };
        if scheme.ghost_of(&scheme.bot).is_some() {
            let message = "it looks like a ghost's: a tenant's person could have the same name";
            return Err(ConfigError::field("registrations.sender-localpart", message));
        }
        Ok(scheme)
    }

    /// The bot.
    #[must_use]
    pub fn bot(&self) -> &UserId {
        &self.bot
    }

    /// The ghost of this person. Same tenant and person, same ghost; otherwise another.
    #[must_use]
    pub fn ghost(&self, tenant: &TenantId, person: &str) -> UserId {
        UserId::from(format!("@{}:{}", self.local(tenant, person), self.server))
    }

    /// An alias in this tenant's own part of our exclusive namespace.
    #[must_use]
    pub fn alias(&self, tenant: &TenantId, name: &str) -> String {
        format!("#{}:{}", self.local(tenant, name), self.server)
    }

    /// Whether it is the bot, or in the namespace of our ghosts.
    #[must_use]
    pub fn is_ours(&self, user: &UserId) -> bool {
        *user == self.bot || self.inside('@', user.as_str()).is_some()
    }

    /// Whose ghost this is; none for the bot, for anybody else, and for a name that we would never give.
    #[must_use]
    pub fn ghost_of(&self, user: &UserId) -> Option<Ghost> {
        self.read('@', user.as_str())
    }

    /// The tenant in whose part of our exclusive namespace the alias is.
    #[must_use]
    pub fn tenant_of_alias(&self, alias: &str) -> Option<TenantId> {
        self.read('#', alias).map(|ghost| ghost.tenant)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    fn local(&self, tenant: &TenantId, name: &str) -> String {
        let mut local = self.prefix.clone();
        // The first plain `_` behind the prefix ends the tenant, so that tenant `a` with `b_c` is not `a_b` with `c`.
        encode(tenant.as_str(), "=5f", &mut local);
        local.push('_');
        let start = local.len();
        encode(name, "__", &mut local);
        if local.len() + self.server.len() + 2 > MAX_NAME || name.is_empty() {
            local.truncate(start);
            let digest = Digest::of(name.as_bytes()).to_string();
            // `h` is no hexadecimal digit: no name that was written out has `=h`.
            let _ = write!(local, "=h{}", digest.get(..HASH_DIGITS).unwrap_or(&digest));
        }
        local
    }

    fn inside<'a>(&self, sigil: char, name: &'a str) -> Option<&'a str> {
        let (local, server) = name.strip_prefix(sigil)?.split_once(':')?;
        local.strip_prefix(self.prefix.as_str()).filter(|_| server == self.server)
    }

    fn read(&self, sigil: char, name: &str) -> Option<Ghost> {
        let (tenant, person) = self.inside(sigil, name)?.split_once('_')?;
        let tenant = TenantId::parse(&decode(tenant)?).ok()?;
        let person = if person.starts_with("=h") { None } else { Some(decode(person)?) };
        // One person, one name: `=41` for `_a` would be a second one.
        let written = |person: &String| {
            let local = self.local(&tenant, person);
            name.get(1..)
                .and_then(|rest| rest.strip_prefix(local.as_str()))
                .is_some_and(|rest| rest.starts_with(':'))
        };
        let canonical = match &person {
            Some(person) => written(person),
            None => name.len() <= MAX_NAME,
        };
        canonical.then_some(Ghost { tenant, person })
    }
}

fn in_localpart(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'=' | b'-' | b'/')
}

/// As the specification maps other character sets: `_a` for `A`, `__` for `_` (or whatever `underscore` says), `=3a` for
/// what else has no place in a localpart.
fn encode(text: &str, underscore: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'_' => into.push_str(underscore),
            b'A'..=b'Z' => {
                into.push('_');
                into.push(char::from(byte.to_ascii_lowercase()));
            }
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => into.push(char::from(byte)),
            _ => {
                let _ = write!(into, "={byte:02x}");
            }
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'_', [b'_', tail @ ..]) => (b'_', tail),
            (b'_', [letter @ b'a'..=b'z', tail @ ..]) => (letter.to_ascii_uppercase(), tail),
            (b'=', [high, low, tail @ ..]) => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(*high)? << 4 | digit(*low)?, tail)
            }
            (b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-', tail) => (*first, tail),
            _ => return None,
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
