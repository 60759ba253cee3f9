//! Connections, pooled so that what may share one was checked for the same: one tenant's adapter, one origin, one list
//! of addresses. A grant that changes its addresses begins with new connections.

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use moka::sync::Cache;
use patchbay_types::{AdapterName, TenantId, egress::EgressConfig};
use reqwest::Proxy;
use rustls::ClientConfig;

use crate::{
    resolve::{Guard, Resolver},
    tls,
};

/// Who calls what, and where that may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tenant: TenantId,
    pub(crate) adapter: AdapterName,
    pub(crate) origin: String,
    pub(crate) addresses: Vec<IpNet>,
}

/// All pools of the process.
pub(crate) struct Pools {
    clients: Cache<Key, reqwest::Client>,
    tls: ClientConfig,
    proxy: Option<Proxy>,
    connect_timeout: Duration,
    resolver: Arc<dyn Resolver>,
}

/// Pools at once; beyond that, who was not used longest connects anew.
const MOST: u64 = 4096;

/// A pool that nobody used for so long is taken down.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// Below the five seconds after which many servers close an idle connection: a request that meets the closing one half
/// way has an unknown outcome, and somebody has to look.
const IDLE: Duration = Duration::from_secs(4);

/// Idle connections of one pool.
const MOST_IDLE: usize = 16;

// === impl Pools ===

impl Pools {
    pub(crate) fn new(
        config: &EgressConfig,
        tls: ClientConfig,
        proxy: Option<Proxy>,
        resolver: Arc<dyn Resolver>,
    ) -> Self {
        let clients = Cache::builder().max_capacity(MOST).time_to_idle(FORGOTTEN).build();
        Self { clients, tls, proxy, connect_timeout: config.connect_timeout.0, resolver }
    }

    /// The client whose connections this request may use.
    ///
    /// # Errors
    /// With a sentence, when none can be built.
    pub(crate) fn client(&self, key: Key) -> Result<reqwest::Client, String> {
        let addresses = key.addresses.clone();
        self.clients.try_get_with(key, || self.build(addresses)).map_err(|error| error.to_string())
    }

    /// One that follows nothing, repeats nothing, takes nothing from the environment, and speaks HTTP/1.1: a connection
    /// then carries one request at a time, so that its end is that request's end and nobody else's.
    pub(crate) fn build(&self, addresses: Vec<IpNet>) -> Result<reqwest::Client, reqwest::Error> {
        let granted = if self.proxy.is_some() { None } else { Some(addresses.into()) };
        let guard = Guard { resolver: Arc::clone(&self.resolver), granted };
        let client = reqwest::Client::builder()
            .user_agent(concat!("patchbay/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .tls_backend_preconfigured(tls::for_one_pool(&self.tls))
            .dns_resolver(guard)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE);
        match &self.proxy {
            Some(proxy) => client.proxy(proxy.clone()),
            None => client,
        }
        .build()
    }
}
