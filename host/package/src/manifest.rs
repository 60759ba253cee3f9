//! `plugin.toml`: who a plugin is, what it is for, and what it would like to have. What it gets is the smaller of
//! this and what the operator grants.

use patchbay_types::{
    config::{ConfigError, parse_toml},
    tenant::{Grants, Limits},
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::contract::{self, OtherContract};

/// The whole file. Unknown keys are refused, so that a misspelt one is not silently without effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// 1 to 64 characters of `a-z`, `0-9` and `-`, beginning with a letter.
    pub name: String,
    /// The plugin's own version.
    pub version: Version,
    /// The version of `patchbay:plugin` that it was made for.
    pub contract: Version,
    /// What it is.
    pub world: World,
    /// One line for people.
    #[serde(default)]
    pub description: Option<String>,
    /// What it cannot do its work without. The operator's grants decide.
    #[serde(default)]
    pub wants: Grants,
    /// The most that it needs; absent: the host's default for its world.
    #[serde(default)]
    pub limits: Limits,
    /// An adapter that takes several items in one `append`.
    #[serde(default)]
    pub batch: bool,
    /// Headers that carry a webhook's own identifier, such as `webhook-id`: a second one with the same is dropped.
    /// Lower case; the first that a webhook has counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery_id: Vec<String>,
}

/// The most entries of a list.
const MOST: usize = 64;

/// A world of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Matrix events to messages, and back.
    Mapper,
    /// Messages to routes.
    Router,
    /// A CRM; it exports `webhooks` or `polling` or both or none.
    CrmAdapter,
    /// The adapter that keeps its tickets in the host.
    DeskAdapter,
}

// === impl Manifest ===

impl Manifest {
    /// Reads and checks a `plugin.toml`. Whether the host speaks its contract is asked separately.
    ///
    /// # Errors
    /// With the line, the column and the field, when it is no TOML, lacks a key, has an unknown one, or contradicts
    /// itself.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let manifest: Self = parse_toml(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Whether this host speaks the contract that the plugin was made for.
    ///
    /// # Errors
    /// With both versions, when it does not.
    pub fn check_contract(&self) -> Result<(), OtherContract> {
        contract::check(&self.contract)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let named = self.name.starts_with(|c: char| c.is_ascii_lowercase()) && self.name.chars().all(plain);
        if !named || self.name.len() > 64 {
            return Err(ConfigError::field(
                "name",
                "1 to 64 characters of a-z, 0-9 and `-`, beginning with a letter",
            ));
        }
        let adapter = matches!(self.world, World::CrmAdapter | World::DeskAdapter);
        if self.batch && !adapter {
            return Err(ConfigError::field("batch", "only an adapter appends"));
        }
        if !adapter && self.wants != Grants::default() {
            return Err(ConfigError::field(
                "wants",
                "a mapper or a router is pure: it can be granted nothing",
            ));
        }
        if self.wants.desk != (self.world == World::DeskAdapter) {
            return Err(ConfigError::field(
                "wants.desk",
                "the desk goes with the world `desk-adapter`, and only with it",
            ));
        }
        let named = |entry: &String| (1..=64).contains(&entry.len());
        if self.wants.secrets.len() > MOST || !self.wants.secrets.iter().all(named) {
            return Err(ConfigError::field("wants.secrets", "at most 64 names of 1 to 64 characters"));
        }
        if self.wants.http.len() > MOST {
            return Err(ConfigError::field("wants.http", "at most 64 entries"));
        }
        if self.delivery_id.len() > MOST || (!self.delivery_id.is_empty() && !adapter) {
            return Err(ConfigError::field(
                "delivery-id",
                "at most 64 names of headers, of an adapter's webhooks",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "name = 'one'\nversion = '1.2.3'\ncontract = '0.1.0'\nworld = 'mapper'\n";

    #[test]
    fn the_smallest_manifest_wants_nothing() {
        let manifest = Manifest::parse(SMALL).unwrap();
        assert_eq!(manifest.wants, Grants::default());
        assert_eq!(manifest.limits, Limits::default());
        assert_eq!(manifest.check_contract(), Ok(()));
    }

    #[test]
    fn a_missing_or_misspelt_key_is_named() {
        assert!(Manifest::parse("name = 'one'").unwrap_err().to_string().contains("version"));
        let error = Manifest::parse(&format!("{SMALL}batsh = true\n")).unwrap_err();
        assert_eq!(error.line, Some(5));
        assert!(error.message.contains("batsh"), "{error}");
    }

    #[test]
    fn what_contradicts_itself_names_its_field() {
        let field = |text: String| Manifest::parse(&text).unwrap_err().field;
        assert_eq!(field(SMALL.replace("one", "One")).as_deref(), Some("name"));
        assert_eq!(field(format!("{SMALL}batch = true")).as_deref(), Some("batch"));
        assert_eq!(field(format!("{SMALL}[wants]\nstore = true")).as_deref(), Some("wants"));
        assert_eq!(field(SMALL.replace("mapper", "desk-adapter")).as_deref(), Some("wants.desk"));
        let adapter = SMALL.replace("mapper", "crm-adapter");
        assert_eq!(field(format!("{adapter}[wants]\ndesk = true")).as_deref(), Some("wants.desk"));
        assert_eq!(field(format!("{adapter}[wants]\nsecrets = ['']")).as_deref(), Some("wants.secrets"));
        assert_eq!(field(format!("{SMALL}delivery-id = ['a']")).as_deref(), Some("delivery-id"));
    }
}
