//! The host's own file, `patchbay.toml`, and how an error in any configuration file is told.

use std::{fmt, net::SocketAddr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    egress::{EgressConfig, GrantUrl},
    ids::RegistrationId,
    units::{Bytes, Span},
};

/// `patchbay.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostConfig {
    /// Where the host keeps its database, caches and keys, beside this file unless absolute.
    #[serde(default = "default_data")]
    pub data: String,
    /// Where it listens.
    #[serde(default)]
    pub listen: ListenConfig,
    /// One for each homeserver that knows us.
    pub registrations: Vec<RegistrationConfig>,
    /// The database.
    #[serde(default)]
    pub database: DatabaseConfig,
    /// The plugin runtime.
    #[serde(default)]
    pub plugins: PluginsConfig,
    /// What adapters call outside.
    #[serde(default)]
    pub egress: EgressConfig,
    /// What CRMs call here.
    #[serde(default)]
    pub hooks: HooksConfig,
    /// Bounds of the host itself.
    #[serde(default)]
    pub limits: HostLimits,
}

/// Where the host listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ListenConfig {
    /// Homeservers call this one.
    pub appservice: SocketAddr,
    /// Health, metrics and the admin API: for the operator alone.
    pub admin: SocketAddr,
    /// CRMs call this one with their webhooks; none: nobody may.
    pub hooks: Option<SocketAddr>,
}

/// Webhooks of CRMs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct HooksConfig {
    /// What CRMs reach `listen.hooks` by from where they are, such as `https://hooks.example.org`: part of each
    /// webhook's URL, which some CRMs sign.
    pub public_url: Option<GrantUrl>,
    /// The largest body.
    pub body: Bytes,
    /// Webhooks of one adapter in a second.
    pub rate: u32,
    /// So many more may come at once.
    pub burst: u32,
}

/// An application service registration, as the homeserver has it too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RegistrationConfig {
    /// The registration's `id`.
    pub id: RegistrationId,
    /// Base URL of the homeserver's client-server API.
    pub homeserver: String,
    /// The homeserver's name, as in user IDs.
    pub server_name: String,
    /// Where the homeserver reaches our appservice listener: goes into the registration file.
    pub url: String,
    /// We show this to the homeserver.
    pub as_token: Secret,
    /// The homeserver shows this to us.
    pub hs_token: Secret,
    /// Localpart of the bot.
    #[serde(default = "default_bot")]
    pub sender_localpart: String,
    /// Localparts of our ghosts and aliases begin so; nobody else may use it.
    #[serde(default = "default_prefix")]
    pub prefix: String,
}

/// A secret: written here, or better, in the environment or a file. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Secret {
    /// The secret itself.
    Value(String),
    /// The environment variable that holds it.
    Env {
        /// Its name.
        env: String,
    },
    /// The file that holds it, beside `patchbay.toml` unless absolute; white space around it is dropped.
    File {
        /// Its path.
        file: String,
    },
}

/// The database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DatabaseConfig {
    /// `full`: what was accepted survives a power loss. `normal`: it survives a crash of the host, not of the machine.
    pub synchronous: Synchronous,
}

/// SQLite's `synchronous`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Synchronous {
    /// Each commit reaches the disk before it is answered.
    #[default]
    Full,
    /// Commits reach the disk at checkpoints.
    Normal,
}

/// The plugin runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PluginsConfig {
    /// The most instances that live at once.
    pub instances: u32,
    /// Distinct prepared components that should stay warm on each thread.
    pub warm: u32,
    /// The largest component file.
    pub component_size: Bytes,
    /// A file counts as whole when it has not changed for so long.
    pub settle: Span,
    /// The directory is looked through so often, whatever was notified.
    pub rescan: Span,
    /// What is in flight on an old generation may take so long.
    pub drain: Span,
}

/// Bounds of the host itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct HostLimits {
    /// The largest transaction body.
    pub body: Bytes,
    /// Events held in memory at once, over all lanes.
    pub window: u32,
    /// Events of one lane held in memory at once; the rest waits in the database.
    pub lane: u32,
    /// Deliveries under way at once, over all tenants.
    pub deliveries: u32,
}

/// What is wrong in a configuration file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
pub struct ConfigError {
    /// Beginning with 1.
    pub line: Option<usize>,
    /// Beginning with 1.
    pub column: Option<usize>,
    /// Dotted path, such as `retention.keys`.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

// === impl HostConfig ===

impl HostConfig {
    /// Reads and checks `patchbay.toml`.
    ///
    /// # Errors
    /// With the line, the column and the field, when it is no TOML, lacks a key, has an unknown one, or contradicts
    /// itself.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = parse_toml(text)?;
        if config.registrations.is_empty() {
            return Err(ConfigError::field("registrations", "at least one `[[registrations]]` is needed"));
        }
        for (n, registration) in config.registrations.iter().enumerate() {
            let twice = config.registrations.iter().skip(n + 1).any(|other| other.id == registration.id);
            if twice {
                return Err(ConfigError::field(
                    "registrations.id",
                    format!("`{}` is there twice", registration.id),
                ));
            }
            if registration.prefix.is_empty() {
                return Err(ConfigError::field(
                    "registrations.prefix",
                    "an empty prefix would claim every user",
                ));
            }
        }
        Ok(config)
    }
}

// === impl ConfigError ===

impl ConfigError {
    /// An error in a field that was read but makes no sense.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: None, column: None, field: Some(field.into()), message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, column {}: ", self.column.unwrap_or(1))?;
        }
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Reads TOML into `T`, and tells an error by line and column.
///
/// # Errors
/// When the text is no TOML, or not of this shape.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map(|span| {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            (line, before.chars().rev().take_while(|&c| c != '\n').count() + 1)
        });
        ConfigError {
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            field: None,
            message: error.message().to_owned(),
        }
    })
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Secret(…)"),
            Self::Env { env } => write!(f, "Secret(environment variable {env})"),
            Self::File { file } => write!(f, "Secret(file {file})"),
        }
    }
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self { appservice: ([127, 0, 0, 1], 9108).into(), admin: ([127, 0, 0, 1], 9109).into(), hooks: None }
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { synchronous: Synchronous::Full }
    }
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            instances: 1000,
            warm: 256,
            component_size: Bytes::mib(32),
            settle: Span::millis(200),
            rescan: Span::millis(5000),
            drain: Span::millis(30_000),
        }
    }
}

impl Default for HooksConfig {
    fn default() -> Self {
        Self { public_url: None, body: Bytes::mib(1), rate: 100, burst: 500 }
    }
}

impl Default for HostLimits {
    fn default() -> Self {
        Self { body: Bytes::mib(64), window: 8192, lane: 256, deliveries: 256 }
    }
}

fn default_data() -> String {
    "data".to_owned()
}

fn default_bot() -> String {
    "patchbay".to_owned()
}

fn default_prefix() -> String {
    "_patchbay_".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[[registrations]]\nid = 'patchbay'\nhomeserver = 'http://localhost:8008'\n\
        server-name = 'localhost'\nurl = 'http://localhost:9108'\nas-token = 'a'\nhs-token = { env = 'HS' }\n";

    #[test]
    fn the_smallest_file_has_sane_defaults() {
        let config = HostConfig::parse(SMALL).unwrap();
        assert_eq!(config.database.synchronous, Synchronous::Full);
        assert_eq!(config.limits.body, Bytes::mib(64));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let config = HostConfig::parse(SMALL).unwrap();
        let shown = format!("{:?}", config.registrations[0]);
        assert!(shown.contains("as_token: Secret(…)"), "{shown}");
    }

    #[test]
    fn a_registration_that_is_there_twice_is_refused() {
        let error = HostConfig::parse(&format!("{SMALL}{SMALL}")).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("registrations.id"));
    }
}
