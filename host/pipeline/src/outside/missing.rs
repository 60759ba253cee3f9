//! Secrets without a value: said when a generation comes, not only when the first customer's message needs one.

use std::collections::HashMap;

use patchbay_egress::Secrets;
use patchbay_plugin::{Chain, Chains};
use patchbay_types::TenantId;
use tracing::warn;

use super::Outside;

/// Which generations were looked at.
#[derive(Default)]
pub(crate) struct Looked(HashMap<TenantId, u64>);

// === impl Looked ===

impl Looked {
    /// Looks at all generations that are new.
    pub(crate) fn look(&mut self, chains: &Chains, outside: &Outside) {
        let all = chains.all();
        self.0.retain(|tenant, _| all.contains_key(tenant));
        for chain in all.values() {
            if self.0.insert(chain.tenant.clone(), chain.generation) != Some(chain.generation) {
                for (slot, secret, why) in missing(chain, outside) {
                    warn!(tenant = %chain.tenant, %slot, secret, why,
                        "a secret has no value: what needs it waits until it has");
                }
            }
        }
    }
}

/// The slot, the secret, and where it is missing.
fn missing(chain: &Chain, outside: &Outside) -> Vec<(String, String, String)> {
    let adapters = chain.config.adapters.iter();
    adapters
        .flat_map(|(name, slot)| {
            let secrets = Secrets::new(&outside.dir, &chain.config.secrets, &slot.grants.secrets);
            let slot = format!("adapters.{name}");
            secrets.check().into_iter().map(move |(secret, why)| (slot.clone(), secret, why))
        })
        .collect()
}
