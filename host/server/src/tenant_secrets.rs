//! Secrets that a slot was granted and that have no value: found by `patchbay check` and `patchbay plugin check`, and not
//! only by the first message that needs one. No value is ever shown.

use std::{collections::BTreeMap, path::Path};

use patchbay_egress::Secrets;
use patchbay_types::{
    TenantConfig,
    egress::{OneOrMany, SecretConfig, SecretSource},
    tenant::SlotConfig,
};

/// A source of a secret without a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The secret's name.
    pub(crate) secret: String,
    /// What is missing where.
    pub(crate) why: String,
    /// It is looked for in the environment: this command's is not the host's.
    pub(crate) in_environment: bool,
}

/// What is missing of the secrets that `slot` was granted; files are looked for in `dir`.
pub(crate) fn missing(dir: &Path, tenant: &TenantConfig, slot: &SlotConfig) -> Vec<Missing> {
    let granted = slot.grants.secrets.iter().filter_map(|name| Some((name, tenant.secrets.get(name)?)));
    granted.flat_map(|(name, config)| of_one(dir, name, config)).collect()
}

fn of_one(dir: &Path, name: &str, config: &SecretConfig) -> Vec<Missing> {
    let source = |source: &SecretSource| {
        let one = SecretConfig { from: OneOrMany::One(source.clone()), ..config.clone() };
        let (all, granted) = (BTreeMap::from([(name.to_owned(), one)]), [name.to_owned()]);
        let found = Secrets::new(dir, &all, &granted).check();
        let in_environment = matches!(source, SecretSource::Env { .. });
        found.into_iter().map(move |(secret, why)| Missing { secret, why, in_environment })
    };
    config.from.as_slice().iter().flat_map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "[mapper]\ncomponent = 'm'\n[router]\ncomponent = 'r'\n[adapters.crm]\ncomponent = 'c'\n\
        grants = { secrets = ['both', 'there'] }\n[secrets.there]\nfrom = { file = 'there' }\nsign = true\n\
        [secrets.both]\nfrom = [{ file = 'gone' }, { env = 'PATCHBAY_TEST_THAT_IS_NOT_SET' }]\nsign = true\n\
        [secrets.unused]\nfrom = { file = 'gone too' }\nsign = true\n";

    #[test]
    fn each_source_without_a_value_is_named_and_what_nobody_was_granted_is_not_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("there"), "hush").unwrap();
        let tenant = TenantConfig::parse(TENANT).unwrap();
        let (_, slot) = tenant.slots().last().unwrap();
        let missing = missing(dir.path(), &tenant, slot);
        let shown: Vec<_> = missing.iter().map(|one| (one.secret.as_str(), one.in_environment)).collect();
        assert_eq!(shown, [("both", false), ("both", true)]);
        assert!(missing[0].why.contains("gone") && missing[1].why.contains("is not set"), "{missing:?}");
        assert!(!format!("{missing:?}").contains("hush"));
    }
}
