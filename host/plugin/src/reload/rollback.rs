//! Back to an earlier generation, by a person. It stays until a file of the tenant changes again.

use std::{sync::Arc, time::Instant};

use patchbay_types::TenantId;

use super::{
    finding::Finding,
    generation::{LogError, MovedBy, PointerMove},
    metrics::{Outcome, count},
    reloader::{Reloader, lock},
    status::{State, TenantStatus},
    tenant::Tenant,
};

/// Why a tenant was not rolled back. What served goes on.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// No tenant of this name was ever served.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantId),
    /// The tenant's file is gone.
    #[error("tenant `{0}` has no file and serves nothing; put its file back first")]
    Removed(TenantId),
    /// There is nothing to go back to.
    #[error("no generation before {0} is kept")]
    Nothing(u64),
    /// The generation wanted is too old, or never was.
    #[error("generation {wanted} is not kept; there are {kept:?}")]
    NotKept {
        /// What was asked for.
        wanted: u64,
        /// What there is, newest first.
        kept: Vec<u64>,
    },
    /// It does not load any more.
    #[error("generation {generation} cannot be loaded again: {}", .findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Load {
        /// Which.
        generation: u64,
        /// Why.
        findings: Vec<Finding>,
    },
    /// It could not be written down.
    #[error(transparent)]
    Log(#[from] LogError),
}

// === impl Reloader ===

impl Reloader {
    /// Lets generation `to` serve again, or the one before the current. Takes no compiler where the generation is still
    /// in memory. Waits while this tenant's files are being loaded, not for another's.
    ///
    /// # Errors
    /// See [`RollbackError`].
    pub fn rollback(&self, tenant: &TenantId, to: Option<u64>) -> Result<TenantStatus, RollbackError> {
        let begun = Instant::now();
        let known = lock(&self.tenants).get(tenant).cloned();
        let known = known.ok_or_else(|| RollbackError::Unknown(tenant.clone()))?;
        let mut tenant = lock(&known);
        let current = tenant.pointer.as_ref().ok_or_else(|| RollbackError::Unknown(tenant.id.clone()))?;
        let current = current.generation.ok_or_else(|| RollbackError::Removed(tenant.id.clone()))?;
        let generation = target(&tenant, current, to)?;

        let now = self.clock.now();
        let chain = match tenant.chains.get(&generation) {
            Some(chain) => Arc::new(chain.again(now)),
            None => self.reload_kept(&tenant, generation).map_err(|refusals| RollbackError::Load {
                generation,
                findings: refusals.into_iter().map(|refusal| *refusal.finding).collect(),
            })?,
        };
        let newest = tenant.records.first().map(|record| record.inputs);
        let moved = PointerMove {
            tenant: tenant.id.clone(),
            generation: Some(generation),
            at: now,
            by: MovedBy::Rollback,
            pin: tenant.seen.as_ref().map(|seen| seen.inputs).or(newest),
            note: format!("from generation {current}"),
        };
        self.log.point(&moved)?;
        self.swap(Arc::clone(&chain));
        tracing::warn!(tenant = %tenant.id, generation, from = current, "rolled back; stays until a file changes");
        tenant.serve(chain, moved);
        tenant.trial.become_state(State::Active);
        self.publish(&tenant);
        count(&tenant.id, Outcome::RolledBack, begun.elapsed());
        Ok(TenantStatus::of(&tenant))
    }
}

fn target(tenant: &Tenant, current: u64, to: Option<u64>) -> Result<u64, RollbackError> {
    let kept = || tenant.records.iter().map(|record| record.generation);
    match to {
        Some(wanted) => kept()
            .find(|&generation| generation == wanted)
            .ok_or_else(|| RollbackError::NotKept { wanted, kept: kept().collect() }),
        None => {
            kept().filter(|&generation| generation < current).max().ok_or(RollbackError::Nothing(current))
        }
    }
}
