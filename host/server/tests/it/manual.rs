//! The two files that explain the configuration, held against what the host reads.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_types::{
    TenantConfig,
    config::{ConfigError, DatabaseConfig, HooksConfig, HostConfig, HostLimits, ListenConfig, PluginsConfig},
    egress::EgressConfig,
    failure::FailureConfig,
    media::MediaConfig,
    tenant::{FailurePolicy, InstancePolicy, MatrixConfig, RetentionConfig},
};
use toml::{Table, Value};

const HOST: &str = include_str!("../../config.default.toml");
const TENANT: &str = include_str!("../../tenant.default.toml");

#[test]
fn the_host_manual_says_the_defaults() {
    let config = HostConfig::parse(HOST).unwrap();
    // By default nothing listens for webhooks, and they come from nowhere: the manual shows where from they might.
    assert_eq!(ListenConfig { hooks: None, ..config.listen }, ListenConfig::default());
    assert_eq!(HooksConfig { public_url: None, ..config.hooks }, HooksConfig::default());
    assert_eq!(EgressConfig { proxy: None, ..config.egress }, EgressConfig::default());
    assert_eq!(config.database, DatabaseConfig::default());
    assert_eq!(config.plugins, PluginsConfig::default());
    assert_eq!(config.limits, HostLimits::default());
}

#[test]
fn the_tenant_manual_says_the_defaults() {
    let config = TenantConfig::parse(TENANT).unwrap();
    assert_eq!(config.retention, RetentionConfig::default());
    assert_eq!(config.failure, FailureConfig::default());
    assert_eq!(config.media, MediaConfig::default());
    assert_eq!(config.matrix.allowed_events, MatrixConfig::default().allowed_events);
    assert_eq!(
        (config.mapper.on_fault, config.mapper.instance),
        (FailurePolicy::Park, InstancePolicy::Fresh)
    );
}

#[test]
fn the_host_manual_has_every_key() {
    assert_eq!(missing(HOST, |text| HostConfig::parse(text).map(drop)), BTreeSet::new());
}

#[test]
fn the_tenant_manual_has_every_key() {
    assert_eq!(missing(TENANT, |text| TenantConfig::parse(text).map(drop)), BTreeSet::new());
}

/// The keys that may be written somewhere and are written nowhere. A key that cannot exist is put into each table in
/// turn: the refusal lists all that can. Tables with the same list are the same thing, so one of them is enough.
fn missing(manual: &str, parse: impl Fn(&str) -> Result<(), ConfigError>) -> BTreeSet<String> {
    let mut manual: Table = toml::from_str(manual).unwrap();
    let mut written: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
    for path in tables(&manual, &[]) {
        let keys = table(&mut manual, &path).keys().cloned().collect::<BTreeSet<_>>();
        table(&mut manual, &path).insert("no-such-key".to_owned(), Value::Boolean(true));
        let refusal = parse(&toml::to_string(&manual).unwrap()).err().map(|error| error.message);
        table(&mut manual, &path).remove("no-such-key");
        if let Some(list) =
            refusal.as_deref().and_then(|message| message.split_once("no-such-key`, expected "))
        {
            written
                .entry(list.1.split('`').skip(1).step_by(2).map(str::to_owned).collect())
                .or_default()
                .extend(keys);
        }
    }
    assert!(written.len() > 4, "the refusals are not understood any more: {written:?}");
    written.iter().flat_map(|(possible, written)| possible.difference(written).cloned()).collect()
}

/// The paths of all tables, arrays of tables by their first one.
fn tables(table: &Table, at: &[String]) -> Vec<Vec<String>> {
    let mut paths = vec![at.to_vec()];
    for (key, value) in table {
        let path = [at, std::slice::from_ref(key)].concat();
        match value {
            Value::Table(inner) => paths.extend(tables(inner, &path)),
            Value::Array(items) if items.iter().any(Value::is_table) => {
                paths.extend(tables(items[0].as_table().unwrap(), &path));
            }
            _ => {}
        }
    }
    paths
}

fn table<'a>(root: &'a mut Table, path: &[String]) -> &'a mut Table {
    path.iter().fold(root, |table, key| match &mut table[key] {
        Value::Array(items) => items[0].as_table_mut().unwrap(),
        value => value.as_table_mut().unwrap(),
    })
}
