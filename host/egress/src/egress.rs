//! The process's way out: what all tenants share of it, which is configuration, and no connection.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use patchbay_types::{
    AdapterName, TenantId,
    egress::{EgressConfig, HttpGrant},
};
use reqwest::Proxy;
use tokio::sync::Semaphore;

use crate::{
    outlet::Outlet,
    pools::Pools,
    resolve::{Resolver, SystemResolver},
    secrets::Secrets,
    tls,
};

/// Cheap to clone; clones share connections and bounds.
#[derive(Clone)]
pub struct Egress(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: EgressConfig,
    pub(crate) pools: Pools,
    /// Alive as long as an outlet is, so that two generations of one adapter share the bound.
    gates: Mutex<HashMap<(TenantId, AdapterName), Weak<Semaphore>>>,
}

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// A file of certificate authorities cannot be used.
    #[error("`egress.ca`: {}: {why}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The proxy's URL is none. It is not shown, since it may hold a password.
    #[error("`egress.proxy` is no URL such as http://proxy.example.org:3128")]
    Proxy,
    /// TLS cannot be set up from what the machine trusts.
    #[error(
        "no TLS: install the machine's certificate authorities (ca-certificates), or name some under `egress.ca`"
    )]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("no HTTP client can be built")]
    Client(#[from] reqwest::Error),
}

// === impl Egress ===

impl Egress {
    /// The way out that `config` describes; certificate authorities are looked for in `dir`. Nothing is connected yet.
    ///
    /// # Errors
    /// Says which setting cannot be used.
    pub fn new(config: &EgressConfig, dir: &Path) -> Result<Self, EgressError> {
        Self::with_resolver(config, dir, Arc::new(SystemResolver))
    }

    /// The same, with names looked up elsewhere.
    ///
    /// # Errors
    /// Says which setting cannot be used.
    pub fn with_resolver(
        config: &EgressConfig,
        dir: &Path,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, EgressError> {
        let proxy = config.proxy.as_deref().map(proxy).transpose()?;
        let pools = Pools::new(config, tls::load(&config.ca, dir)?, proxy, resolver);
        // What cannot be built for nobody cannot be built for anybody: said at the start, not at the first request.
        pools.build(Vec::new()).map_err(reqwest::Error::without_url)?;
        Ok(Self(Arc::new(Shared { config: config.clone(), pools, gates: Mutex::default() })))
    }

    /// The way out of one adapter of one tenant under one generation. Connections are shared with its other generations
    /// where they may go to the same addresses, and with no other adapter or tenant.
    #[must_use]
    pub fn outlet(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        grants: &[HttpGrant],
        secrets: Secrets,
    ) -> Outlet {
        let gate = self.gate(tenant, adapter);
        Outlet::new(Arc::clone(&self.0), tenant.clone(), adapter.clone(), grants.into(), secrets, gate)
    }

    fn gate(&self, tenant: &TenantId, adapter: &AdapterName) -> Arc<Semaphore> {
        let mut gates = self.0.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant.clone(), adapter.clone());
        if let Some(gate) = gates.get(&key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let permits = usize::try_from(self.0.config.concurrency.max(1)).unwrap_or(1);
        let gate = Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        gates.insert(key, Arc::downgrade(&gate));
        gate
    }
}

fn proxy(url: &str) -> Result<Proxy, EgressError> {
    let known = url.starts_with("http://") || url.starts_with("https://");
    if known { Proxy::all(url).map_err(|_| EgressError::Proxy) } else { Err(EgressError::Proxy) }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The proxy's URL may hold a password.
        f.debug_struct("Egress").field("proxied", &self.0.config.proxy.is_some()).finish_non_exhaustive()
    }
}
