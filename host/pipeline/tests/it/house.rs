//! A whole house but for its doors: store, runtime, chains and pipeline, with a clock that stands still.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use patchbay_egress::Egress;
use patchbay_matrix::{Client, ClientOptions, Ephemeral, Ghosts, Links, http_client};
use patchbay_pipeline::{Homeserver, MediaDeps, Outside, Pipeline, PipelineDeps, Spool};
use patchbay_plugin::{Chain, Chains, Runtime, RuntimeConfig, Slot, Wanted, World};
use patchbay_storage::{DeskFilter, DeskLine, NewEvent, OpenOptions, Store, Transaction};
use patchbay_types::{
    Digest, MockClock, RegistrationId, TenantConfig, TenantId,
    config::{HostConfig, HostLimits, PluginsConfig, RegistrationConfig},
    egress::EgressConfig,
    tenant::SlotConfig,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const NOW: u64 = 1_795_157_275_000;

/// A homeserver that nobody reaches.
const NOWHERE: &str = "http://127.0.0.1:9";

/// One runtime for all tests: compiling is what takes long.
static RUNTIME: LazyLock<Arc<Runtime>> = LazyLock::new(|| {
    let cache = root().join("target/test-cache");
    let plugins = PluginsConfig { instances: 64, warm: 16, ..PluginsConfig::default() };
    Runtime::new(RuntimeConfig { cache, cache_key: [7; 32], plugins }).unwrap()
});

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) chains: Arc<Chains>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) clock: MockClock,
    pub(crate) dir: Arc<tempfile::TempDir>,
    /// Typing and receipts, as the homeserver sends them.
    pub(crate) ephemeral: mpsc::Sender<(RegistrationId, Ephemeral)>,
    cancel: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    sent: u64,
}

/// The way out as it is where nothing is configured.
fn usual(dir: &Path) -> Egress {
    Egress::new(&EgressConfig::default(), dir).unwrap()
}

/// A tenant's file, and the rules of its router.
pub(crate) fn tenant(rooms: &str, rules: &Value) -> String {
    let rules = serde_json::to_string(rules).unwrap();
    let rules: toml::Table = serde_json::from_str(&rules).unwrap();
    let rules = toml::to_string(&toml::Table::from_iter([(
        "router".to_owned(),
        toml::Value::Table(toml::Table::from_iter([("settings".to_owned(), toml::Value::Table(rules))])),
    )]))
    .unwrap();
    format!(
        "[rooms]\n{rooms}\n[mapper]\ncomponent = 'mapper-matrix'\n[router]\ncomponent = 'router-rules'\n{}\n\
         [adapters.desk]\ncomponent = 'adapter-desk'\ngrants = {{ desk = true }}\n",
        rules.replace("[router]\n", "")
    )
}

/// Everything goes to the desk.
pub(crate) fn to_desk() -> Value {
    json!({ "default": [{ "adapter": "desk" }] })
}

impl House {
    /// A house with these tenants.
    pub(crate) async fn new(tenants: &[(&str, String)]) -> Self {
        Self::leaving_by(tenants, usual).await
    }

    /// The same with another way out, which lives in this directory.
    pub(crate) async fn leaving_by(tenants: &[(&str, String)], egress: impl FnOnce(&Path) -> Egress) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let egress = egress(dir.path());
        Self::at(dir, tenants, egress, NOWHERE).await
    }

    /// The same with a homeserver that is somewhere.
    pub(crate) async fn beside(tenants: &[(&str, String)], homeserver: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let egress = usual(dir.path());
        Self::at(dir, tenants, egress, homeserver).await
    }

    /// The same with another way out too.
    pub(crate) async fn between(
        tenants: &[(&str, String)],
        egress: impl FnOnce(&Path) -> Egress,
        homeserver: &str,
    ) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let egress = egress(dir.path());
        Self::at(dir, tenants, egress, homeserver).await
    }

    async fn at(
        dir: Arc<tempfile::TempDir>,
        tenants: &[(&str, String)],
        egress: Egress,
        homeserver: &str,
    ) -> Self {
        let store = Store::open(OpenOptions::new(dir.path())).await.unwrap();
        let chains = Arc::new(Chains::default());
        for (tenant, file) in tenants {
            chains.swap(chain(tenant, file, 1));
        }
        let registration = RegistrationConfig { homeserver: homeserver.to_owned(), ..registration() };
        let options = ClientOptions::new(registration.homeserver.clone(), "as");
        let client = Client::new(http_client::build(Duration::from_secs(1)).unwrap(), options);
        let homeserver = Homeserver { ghosts: Ghosts::new(&registration).unwrap(), client };
        let clock = MockClock::at(NOW);
        let pipeline = Pipeline::new(PipelineDeps {
            store: store.clone(),
            chains: Arc::clone(&chains),
            clock: Arc::new(clock.clone()),
            homeservers: BTreeMap::from([(registration.id.clone(), homeserver)]),
            registrations: vec![registration],
            outside: Outside { egress, dir: dir.path().to_owned() },
            media: MediaDeps {
                spool: Spool::open(dir.path()).unwrap(),
                links: Some(Links::new(&[7; 32], "https://hooks.example.org")),
            },
            limits: HostLimits::default(),
            threads: 3,
        });
        let (ephemeral, signals) = mpsc::channel(64);
        pipeline.listen(signals);
        let cancel = CancellationToken::new();
        let running = {
            let (pipeline, cancel) = (Arc::clone(&pipeline), cancel.clone());
            tokio::spawn(async move { pipeline.run(cancel).await.unwrap() })
        };
        Self { store, chains, pipeline, clock, dir, ephemeral, cancel, running, sent: 0 }
    }

    /// The same data after a crash: nothing was drained, nothing was closed.
    pub(crate) async fn crashed(self, tenants: &[(&str, String)]) -> Self {
        self.crashed_beside(tenants, NOWHERE).await
    }

    /// The same beside this homeserver.
    pub(crate) async fn crashed_beside(self, tenants: &[(&str, String)], homeserver: &str) -> Self {
        self.running.abort();
        let _ = self.running.await;
        let dir = Arc::clone(&self.dir);
        self.store.close().await;
        drop((self.store, self.pipeline));
        let egress = usual(dir.path());
        Self::at(dir, tenants, egress, homeserver).await
    }

    /// Sends events as one transaction of the homeserver, and waits until it is accepted.
    pub(crate) async fn send(&mut self, events: &[Value]) {
        self.sent += 1;
        let event = |event: &Value| NewEvent {
            key: event["event_id"].as_str().unwrap().to_owned(),
            room_id: event["room_id"].as_str().map(Into::into),
            body: event.to_string(),
            fault: None,
        };
        let transaction = Transaction {
            registration: RegistrationId::from("patchbay"),
            txn_id: self.sent.to_string(),
            received_at: NOW,
            events: events.iter().map(event).collect(),
            unreadable: None,
        };
        self.store.accept(transaction).await.unwrap();
    }

    /// Waits until nothing is left to be done but what waits for a homeserver.
    pub(crate) async fn settled(&self) {
        self.until("nothing is pending", async || {
            let counts = self.store.counts().await.unwrap();
            counts.events.count == 0 && counts.deliveries.is_empty()
        })
        .await;
    }

    /// Waits for a condition.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let wait = async {
            while !condition().await {
                tokio::task::yield_now().await;
            }
        };
        assert!(
            tokio::time::timeout(Duration::from_secs(60), wait).await.is_ok(),
            "{what}: it never came to that"
        );
    }

    /// All lines of the tenant's desk, ticket by ticket.
    pub(crate) async fn lines(&self, tenant: &str) -> Vec<DeskLine> {
        let tenant = TenantId::from(tenant);
        let filter = DeskFilter { limit: 1000, ..DeskFilter::default() };
        let mut tickets = self.store.desk_tickets(&tenant, &filter).await.unwrap();
        tickets.sort_by_key(|ticket| ticket.ticket[2..].parse::<u32>().unwrap());
        let mut lines = Vec::new();
        for ticket in tickets {
            lines.extend(self.store.desk_lines(&tenant, &ticket.ticket, None, 1000).await.unwrap());
        }
        lines
    }

    /// The words of all lines.
    pub(crate) async fn words(&self, tenant: &str) -> Vec<String> {
        let plain = |line: DeskLine| {
            let body: Value = serde_json::from_str(&line.body).unwrap();
            body.pointer("/Text/plain")
                .and_then(Value::as_str)
                .map_or_else(|| body.to_string(), str::to_owned)
        };
        self.lines(tenant).await.into_iter().map(plain).collect()
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        self.running.await.unwrap();
    }
}

/// A text message.
pub(crate) fn text(room: &str, id: &str, sender: &str, body: &str) -> Value {
    message(room, id, sender, json!({ "msgtype": "m.text", "body": body }))
}

pub(crate) fn message(room: &str, id: &str, sender: &str, content: Value) -> Value {
    json!({ "type": "m.room.message", "event_id": id, "room_id": room, "sender": sender,
            "origin_server_ts": NOW, "content": content })
}

pub(crate) fn chain(tenant: &str, file: &str, generation: u64) -> Arc<Chain> {
    let config = TenantConfig::parse(file).unwrap();
    let slot = |name: &str, world, slot: &SlotConfig| {
        Arc::new(Slot {
            name: Arc::from(name),
            component: slot.component.clone(),
            plugin: load(slot, &slot.component, world),
            on_fault: slot.on_fault.clone(),
            fallback: None,
        })
    };
    Arc::new(Chain {
        tenant: tenant.into(),
        generation,
        mapper: slot("mapper", World::Mapper, &config.mapper),
        router: slot("router", World::Router, &config.router),
        adapters: config
            .adapters
            .iter()
            .map(|(name, s)| (name.clone(), slot(&format!("adapters.{name}"), World::Adapter, s)))
            .collect(),
        config: Arc::new(config),
        since: NOW,
    })
}

fn load(slot: &SlotConfig, component: &str, world: World) -> patchbay_plugin::Plugin {
    let path = root().join("target/guests").join(format!("{component}.wasm"));
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask guests` builds it", path.display()));
    load_as(bytes, slot, world)
}

/// An adapter that is no file.
pub(crate) fn load_bytes(bytes: Vec<u8>, slot: &SlotConfig) -> patchbay_plugin::Plugin {
    load_as(bytes, slot, World::Adapter)
}

fn load_as(bytes: Vec<u8>, slot: &SlotConfig, world: World) -> patchbay_plugin::Plugin {
    let settings = slot.settings.as_ref().map_or("{}".to_owned(), |s| serde_json::to_string(s).unwrap());
    let wanted = Wanted {
        digest: Digest::of(&bytes),
        bytes: bytes.into(),
        world,
        settings: settings.into(),
        grants: slot.grants.clone(),
        limits: slot.limits,
        instance: slot.instance,
    };
    RUNTIME.load(&wanted).unwrap()
}

pub(crate) fn registration() -> RegistrationConfig {
    let file = "[[registrations]]\nid = 'patchbay'\nhomeserver = 'http://127.0.0.1:9'\nserver-name = 'localhost'\n\
                url = 'http://127.0.0.1:9'\nas-token = 'as'\nhs-token = 'hs'\n";
    HostConfig::parse(file).unwrap().registrations.remove(0)
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
