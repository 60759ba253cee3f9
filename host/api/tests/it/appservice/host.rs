//! A host that listens: the appservice router on a socket, with a database in a directory of its own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use patchbay_api::appservice::{Appservice, Registered, Registrations, listener};
use patchbay_matrix::Ephemeral;
use patchbay_storage::{InboxEvent, OpenOptions, Parked, ParkedFilter, Store};
use patchbay_types::{MockClock, RegistrationId, TenantId, config::HostConfig};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc};

pub(crate) const LIMIT: usize = 3 << 20;

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) ephemeral: mpsc::Receiver<(RegistrationId, Ephemeral)>,
    pub(crate) client: Client,
    metrics: PrometheusHandle,
    _directory: tempfile::TempDir,
}

impl Host {
    /// Registrations `crm` and `other`, with the tokens `HS_TOKEN` and `OTHER_TOKEN`; tenant `sales`.
    pub(crate) async fn start() -> Self {
        Self::with_pages(None).await
    }

    /// A database that may not grow beyond so many pages.
    pub(crate) async fn with_pages(max_pages: Option<u32>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store =
            Store::open(OpenOptions { max_pages, ..OpenOptions::new(directory.path()) }).await.unwrap();
        let (sender, ephemeral) = mpsc::channel(8);
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        let registered = metrics::with_local_recorder(&recorder, || {
            [registered("crm", "HS_TOKEN"), registered("other", "OTHER_TOKEN")]
        });
        let appservice = Appservice {
            registrations: Arc::new(Registrations::new(registered).unwrap()),
            store: store.clone(),
            clock: Arc::new(MockClock::at(1_795_157_275_563)),
            ephemeral: sender,
            is_tenant: Arc::new(|tenant: &TenantId| tenant.as_str() == "sales"),
            body_limit: LIMIT,
            body_idle: Duration::from_secs(30),
        };
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener(tcp), appservice.router()).await });
        let client = Client::builder().build().unwrap();
        Self { address, store, ephemeral, client, metrics, _directory: directory }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("http://{}{path}", self.address))
    }

    /// Sends with the token of registration `crm`; answers status and JSON body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        answer(self.request(method, path).bearer_auth("HS_TOKEN").body(body)).await
    }

    pub(crate) async fn transaction(&self, txn_id: &str, body: impl Into<Vec<u8>>) -> (StatusCode, Value) {
        self.send("PUT", &format!("/_matrix/app/v1/transactions/{txn_id}"), body.into()).await
    }

    /// What a metric of registration `crm` shows now; `labels` are those behind the registration.
    pub(crate) fn metric(&self, name: &str, labels: &str) -> u64 {
        let line = format!("{name}{{registration=\"crm\"{labels}}} ");
        let shown = self.metrics.render();
        let value = shown.lines().find_map(|shown| shown.strip_prefix(&line)).unwrap_or("0");
        value.parse().unwrap()
    }

    pub(crate) async fn pending(&self) -> Vec<InboxEvent> {
        self.store.pending(0, 10_000).await.unwrap()
    }

    pub(crate) async fn parked(&self) -> Vec<Parked> {
        let filter = ParkedFilter { limit: 1000, ..ParkedFilter::default() };
        self.store.parked(&filter).await.unwrap()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status(), response.json().await.unwrap())
}

pub(crate) fn event(n: usize) -> Value {
    serde_json::json!({
        "event_id": format!("$e{n}"), "room_id": "!r", "sender": "@alice:localhost", "type": "m.room.message",
        "origin_server_ts": n, "content": { "msgtype": "m.text", "body": "hello" },
    })
}

fn registered(id: &str, token: &str) -> Registered {
    let config = HostConfig::parse(&format!(
        "[[registrations]]\nid = '{id}'\nhomeserver = 'http://localhost:8008'\nserver-name = 'localhost'\n\
         url = 'http://localhost:9108'\nas-token = 'a'\nhs-token = 'h'\nprefix = '_crm_'\nsender-localpart = '_crm_bot'\n"
    ));
    Registered::new(&config.unwrap().registrations[0], token).unwrap()
}
