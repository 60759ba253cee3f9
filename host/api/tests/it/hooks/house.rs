//! Doors that listen, with a database in a directory of its own. The adapter behind them is played: it answers what the
//! body's first word says, and counts how often it is asked.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use patchbay_api::hooks::{Arrived, Asked, Door, Heard, HookKey, Hooks, HooksDeps, Reception, Unheard};
use patchbay_plugin::{types::Header, webhooks::Answer};
use patchbay_storage::{Hook, NewHook, OpenOptions, Step, StorageError, Store};
use patchbay_types::{AdapterName, MockClock, TenantId, config::HooksConfig, units::Bytes};
use reqwest::{Client, RequestBuilder, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) const NOW: u64 = 1_795_157_275_563;
pub(crate) const LIMIT: usize = 1 << 20;

/// Tenant `acme` has the adapters `crm`, whose webhooks have identifiers, and `plain`, whose have none.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) hooks: Hooks,
    pub(crate) client: Client,
    _directory: tempfile::TempDir,
}

struct Played {
    store: Store,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Reception for Played {
    fn door(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Door> {
        let names: Vec<String> = match (tenant.as_str(), adapter.as_str()) {
            ("acme", "crm") => vec!["webhook-id".into()],
            ("acme", "plain") => vec![],
            _ => return None,
        };
        Some(Door { rotation: 0, delivery_id: names.into() })
    }

    fn doors(&self) -> Vec<(TenantId, AdapterName, Door)> {
        let door = |name: &str| {
            let (tenant, adapter) = (TenantId::from("acme"), AdapterName::from(name));
            let door = self.door(&tenant, &adapter).unwrap();
            (tenant, adapter, door)
        };
        vec![door("crm"), door("plain")]
    }

    async fn ask(&self, asked: Asked) -> Result<Heard, Unheard> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let answer = |keep, status, headers| Answer { keep, status, headers, body: b"said".to_vec() };
        let trace = vec![Step { name: "webhooks.accept".into(), ..Step::default() }];
        let word = String::from_utf8_lossy(&asked.webhook.body).into_owned();
        let answer = match word.split(' ').next().unwrap() {
            "forged" => answer(false, 401, vec![]),
            "informational" => answer(true, 101, vec![header("x-mine", "1")]),
            "split" => answer(true, 200, vec![header("x-split", "a\r\nx-evil: 1"), header("x-mine", "1")]),
            "silent" => return Err(Unheard { reason: "no answer".into(), trace }),
            "" => Answer { body: asked.webhook.url.clone().into_bytes(), ..answer(false, 200, vec![]) },
            _ => answer(true, 202, vec![header("x-mine", "1")]),
        };
        Ok(Heard { answer, trace })
    }

    async fn keep(&self, arrived: Arrived) -> Result<bool, StorageError> {
        let Arrived { tenant, adapter, key, unasked, webhook, at, trace } = arrived;
        let body = webhook.body.clone();
        self.store
            .add_hook(NewHook { tenant, adapter, key, body, desk: Vec::new(), at, unasked, trace })
            .await
    }
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::with(HooksConfig { body: Bytes(LIMIT as u64), ..HooksConfig::default() }, None).await
    }

    pub(crate) async fn with(config: HooksConfig, max_pages: Option<u32>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store =
            Store::open(OpenOptions { max_pages, ..OpenOptions::new(directory.path()) }).await.unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let hooks = Hooks::new(HooksDeps {
            key: HookKey::new(&[7; 32]),
            reception: Arc::new(Played { store: store.clone(), asked: Arc::clone(&asked) }),
            store: store.clone(),
            clock: Arc::new(MockClock::at(NOW)),
            config,
            listens: Some(address),
        });
        let router = hooks.router();
        tokio::spawn(async move { axum::serve(tcp, router).await });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, store, asked, hooks, client, _directory: directory }
    }

    /// The path of an adapter's door, as an operator is shown it.
    pub(crate) fn path(&self, adapter: &str) -> String {
        let door = self.hooks.list().into_iter().find(|door| door.adapter.as_str() == adapter).unwrap();
        door.url.split_once(&self.address.to_string()).unwrap().1.to_owned()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("http://{}{path}", self.address))
    }

    /// Posts to the door of `crm`, under this identifier.
    pub(crate) async fn post(&self, id: Option<&str>, body: &str) -> Response {
        let request = self.request("POST", &self.path("crm")).body(body.to_owned());
        let request = match id {
            Some(id) => request.header("webhook-id", id),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Sends bytes as they are and answers what came back until the host ended the connection, but for the date.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        self.exchange(bytes, false).await
    }

    /// The same, by a sender that sends no more than this.
    pub(crate) async fn cut_off(&self, bytes: &[u8]) -> String {
        self.exchange(bytes, true).await
    }

    async fn exchange(&self, bytes: &[u8], end: bool) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        if end {
            stream.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
    }

    pub(crate) async fn kept(&self) -> Vec<Hook> {
        let mut kept = Vec::new();
        for (tenant, adapter) in self.store.hooks_wait_for().await.unwrap() {
            kept.extend(self.store.hooks_pending(&tenant, &adapter, 0, 1000).await.unwrap());
        }
        kept
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
