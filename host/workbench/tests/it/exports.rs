//! Each form of `export_adapter!`, built into a component that the host takes, and calls by what it exports.

use std::{fs, time::Duration};

use patchbay_plugin::{
    Caller, Plugin, Ports, Runtime, RuntimeConfig, Wanted, World,
    webhooks::{Answer, Webhook},
};
use patchbay_types::{
    TenantId,
    config::PluginsConfig,
    tenant::{Grants, InstancePolicy, Limits},
    units::Span,
};
use patchbay_workbench::{Component, Kind, build};

use crate::projects::{has_target, project};

/// An adapter that has both, whatever of it is exported.
const ADAPTER: &str = r#"
use patchbay_sdk::prelude::*;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub struct Settings {}

pub struct Crm;

impl Plugin for Crm {
    type Settings = Settings;
    fn prepare(_: Settings) -> Result<Self, Vec<Problem>> { Ok(Self) }
}

impl Adapter for Crm {
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> { Ok(person.id) }
    fn open(&self, _: Draft, call: Call) -> Result<Opened, Failure> {
        Ok(Opened { ticket: Ticket::new(call.key), written: Vec::new() })
    }
    fn append(&self, _: String, _: Vec<Item>, _: Call) -> Result<Vec<Written>, Failure> { Ok(Vec::new()) }
    fn update(&self, _: String, _: Changes, _: Call) -> Result<(), Failure> { Ok(()) }
    fn probe(&self) -> Result<Health, Failure> { Ok(Health::new("1", "answers")) }
}

impl Webhooks for Crm {
    fn accept(&self, _: Webhook) -> Answer { Answer::refuse(418) }
    fn receive(&self, _: Webhook) -> Result<Batch, Failure> { Err(Failure::rejected("nothing")) }
}

impl Polling for Crm {
    fn poll(&self, cursor: Option<String>) -> Result<Page, Failure> {
        let cursor = cursor.unwrap_or_default() + "+";
        Ok(Page { entries: Vec::new(), cursor, more: false, again_at: None })
    }
}

patchbay_sdk::export_adapter!(EXPORTED);
"#;

/// Loads it as the host does: admitted, prepared, each export of the contract's own types, the golden call passed.
fn load(runtime: &Runtime, component: &Component) -> Plugin {
    let wanted = Wanted {
        bytes: component.bytes.clone(),
        digest: component.digest,
        world: World::Adapter,
        settings: "{}".into(),
        grants: Grants::default(),
        limits: Limits { time: Some(Span::millis(10_000)), ..Limits::default() },
        instance: InstancePolicy::Fresh,
    };
    runtime.load(&wanted).unwrap()
}

fn caller() -> Caller {
    Caller { tenant: TenantId::new("acme"), slot: "adapters.crm".into(), about: None }
}

async fn accepted(plugin: &Plugin) -> Option<Answer> {
    let (method, url) = ("POST".to_owned(), "https://hooks.example.org/".to_owned());
    let webhook = Webhook { method, url, headers: Vec::new(), body: Vec::new() };
    let answer = plugin.accept(&caller(), Ports::none(1), &webhook, Duration::from_secs(10)).await;
    answer.unwrap().value
}

async fn polled(plugin: &Plugin) -> Option<String> {
    let (page, _) = plugin.poll(&caller(), Ports::none(1), Some("c")).await.unwrap().value?;
    Some(page.unwrap().cursor)
}

#[tokio::test]
async fn an_adapter_exports_what_its_macro_names_and_nothing_else() {
    if !has_target() {
        return;
    }
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let project = project(dir.path(), Kind::Adapter, "exporting-adapter");
    let plugins = PluginsConfig { instances: 16, warm: 4, ..PluginsConfig::default() };
    let config = RuntimeConfig { cache: cache.path().join("artefacts"), cache_key: [1; 32], plugins };
    let runtime = Runtime::new(config).unwrap();
    for (exported, webhooks, polling) in [
        ("Crm", false, false),
        ("Crm: webhooks", true, false),
        ("Crm: polling", false, true),
        ("Crm: webhooks, polling", true, true),
    ] {
        fs::write(project.dir.join("src/lib.rs"), ADAPTER.replace("EXPORTED", exported)).unwrap();
        let component = Component::read(&build(&project, None).unwrap().path).unwrap();
        let names =
            |interface: &str| component.exports.contains(&format!("patchbay:plugin/{interface}@0.1.0"));
        assert!(names("plugin") && names("adapter"), "{exported}: {:?}", component.exports);
        assert_eq!(
            (names("webhooks"), names("polling")),
            (webhooks, polling),
            "{exported}: {:?}",
            component.exports
        );
        assert_eq!(component.exports.len(), 2 + usize::from(webhooks) + usize::from(polling), "{exported}");

        let plugin = load(&runtime, &component);
        assert_eq!(plugin.takes_webhooks(), webhooks, "{exported}");
        assert_eq!(
            accepted(&plugin).await.map(|answer| answer.status),
            webhooks.then_some(418),
            "{exported}"
        );
        assert_eq!(polled(&plugin).await.as_deref(), polling.then_some("c+"), "{exported}");
    }
}
