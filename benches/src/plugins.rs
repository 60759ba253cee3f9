//! What the host says of its plugins: which component serves in which slot, and what was refused.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::admin::Admin;

/// Longer than any component takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often we look.
const GLANCE: Duration = Duration::from_millis(5);

#[derive(Debug, Deserialize)]
struct Status {
    tenants: Vec<Tenant>,
}

/// One tenant's chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tenant {
    /// The tenant.
    pub tenant: String,
    /// `active`, `pending`, `rejected`, `missing` or `removed`.
    pub state: String,
    /// Why it is rejected or something is missing.
    #[serde(default)]
    pub reason: Option<String>,
    /// What serves.
    pub generation: Option<u64>,
    /// Its slots.
    pub slots: Vec<Slot>,
}

/// One slot of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Slot {
    /// `mapper`, `router`, `adapters.<name>`.
    pub slot: String,
    /// Why what the files say does not serve.
    #[serde(default)]
    pub reason: Option<String>,
    /// What serves.
    pub serving: Option<Serving>,
}

/// A component at work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Serving {
    /// Its digest, in hexadecimal.
    pub digest: String,
}

/// What the host says of one tenant.
///
/// # Errors
/// When the host does not answer, or does not know the tenant.
pub async fn of(admin: &Admin, tenant: &str) -> anyhow::Result<Tenant> {
    let status: Status = serde_json::from_value(admin.json("/admin/v1/plugins").await?)?;
    status
        .tenants
        .into_iter()
        .find(|found| found.tenant == tenant)
        .with_context(|| format!("no tenant {tenant}"))
}

/// Waits until the tenant's chain is as `is` wants it.
///
/// # Errors
/// When it does not become so.
pub async fn wait_for(admin: &Admin, tenant: &str, is: impl Fn(&Tenant) -> bool) -> anyhow::Result<Tenant> {
    let begun = Instant::now();
    loop {
        let found = of(admin, tenant).await?;
        if is(&found) {
            return Ok(found);
        }
        if begun.elapsed() > PATIENCE {
            bail!("after {PATIENCE:?} {tenant} is still so: {found:?}");
        }
        tokio::time::sleep(GLANCE).await;
    }
}

// === impl Tenant ===

impl Tenant {
    /// Whether the component with this digest serves somewhere in the chain.
    #[must_use]
    pub fn serves(&self, digest: &str) -> bool {
        self.slots.iter().filter_map(|slot| slot.serving.as_ref()).any(|serving| serving.digest == digest)
    }
}
