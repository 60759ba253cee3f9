//! Start-up: what served last serves again, from the host's own copies; only then is the directory looked at.

use std::{sync::Arc, time::Instant};

use super::{
    gather::claims,
    generation::History,
    load::load,
    metrics::{Outcome, count},
    pass::Passed,
    reloader::{ReloadError, Reloader, lock},
    restore::restore,
    source::Refusal,
    status::State,
    tenant::{KEEP, Tenant},
};
use crate::chain::Chain;

// === impl Reloader ===

impl Reloader {
    /// Lets every tenant's last generation serve again, without a look at its files; then makes the first pass. Nothing
    /// that is wrong with a component or a tenant's file stops it: it is logged and shown by [`Reloader::status`].
    ///
    /// # Errors
    /// When the log of generations cannot be read.
    pub fn start(&self) -> Result<Passed, ReloadError> {
        for history in self.log.histories(KEEP)? {
            self.resume(history);
        }
        let passed = self.pass();
        self.runtime.step_aside();
        Ok(passed)
    }

    fn resume(&self, history: History) {
        let begun = Instant::now();
        let mut tenant = Tenant::known(history);
        if let Some(generation) = tenant.active().map(|record| record.generation) {
            match self.reload_kept(&tenant, generation) {
                Ok(chain) => {
                    tracing::info!(tenant = %tenant.id, generation, "the last generation serves again");
                    self.swap(Arc::clone(&chain));
                    tenant.claims = claims(&chain.config);
                    tenant.chains.insert(generation, chain);
                    tenant.trial.become_state(State::Active);
                    count(&tenant.id, Outcome::Restored, begun.elapsed());
                }
                Err(refusals) => self.refuse(&mut tenant, &refusals, false),
            }
        }
        self.publish(&tenant);
        let known = self.tenant(&tenant.id);
        *lock(&known) = tenant;
    }

    /// A kept generation's chain, made anew from the content store.
    pub(super) fn reload_kept(&self, tenant: &Tenant, generation: u64) -> Result<Arc<Chain>, Vec<Refusal>> {
        let record = tenant.records.iter().find(|record| record.generation == generation);
        let Some(record) = record else { return Err(Vec::new()) };
        let source = restore(&self.store, record, self.component_size())?;
        let loaded = load(&self.runtime, &source)?;
        Ok(loaded.into_chain(&source, generation, self.clock.now()))
    }
}
