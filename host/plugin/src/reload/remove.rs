//! A tenant's file is not there: its chain goes too, unless that would be a mistake.

use std::{collections::BTreeMap, time::Instant};

use super::{
    directory::tenant_file,
    finding::Finding,
    generation::{MovedBy, PointerMove},
    metrics::{Outcome, count, show_generation},
    pass::Passed,
    reloader::{Reloader, lock},
    source::{Refusal, RefusalKind},
    status::State,
    tenant::Tenant,
};

// === impl Reloader ===

impl Reloader {
    /// A tenant's file is not there. Where no tenant's is and this one was not seen since the start, a directory that
    /// is not mounted yet is likelier than a farewell to all.
    pub(super) fn miss(&self, tenant: &mut Tenant, nobody: bool, passed: &mut Passed) {
        if !nobody || tenant.seen.is_some() || tenant.serving().is_none() {
            self.remove(tenant, passed);
        } else if !matches!(tenant.trial.state(), State::Missing { .. }) {
            let message = "missing since the start, as is every tenant's file; its last generation serves on";
            let finding = Finding::file(tenant_file(&tenant.id), message);
            self.refuse(tenant, &[Refusal::tenant(RefusalKind::Missing, finding)], false);
        }
    }

    /// Takes a tenant's chain away, because its file is gone. Its generations stay written down, so that it goes on
    /// counting if it comes back.
    fn remove(&self, tenant: &mut Tenant, passed: &mut Passed) {
        if tenant.records.is_empty() {
            self.forget(&tenant.id);
            return;
        }
        if tenant.pointer.as_ref().is_some_and(|pointer| pointer.generation.is_none()) {
            tenant.trial.become_state(State::Removed);
            self.publish(tenant);
            return;
        }
        let begun = Instant::now();
        let now = self.clock.now();
        let moved = PointerMove {
            tenant: tenant.id.clone(),
            generation: None,
            at: now,
            by: MovedBy::Directory,
            pin: None,
            note: format!("{} is gone", tenant_file(&tenant.id)),
        };
        if let Err(error) = self.log.point(&moved) {
            let finding = Finding::file(tenant_file(&tenant.id), error.to_string());
            self.refuse(tenant, &[Refusal::tenant(RefusalKind::Trouble, finding)], false);
            return;
        }
        tracing::error!(
            tenant = %tenant.id, file = tenant_file(&tenant.id),
            "the tenant's file is gone: nothing serves the tenant any more, its lanes hold; put the file back to go on"
        );
        if let Some(old) = self.chains.remove(&tenant.id) {
            lock(&self.draining).add(old, now);
        }
        tenant.pointer = Some(moved);
        tenant.chains = BTreeMap::new();
        tenant.seen = None;
        tenant.trial.become_state(State::Removed);
        self.publish(tenant);
        show_generation(&tenant.id, None);
        count(&tenant.id, Outcome::Removed, begun.elapsed());
        passed.removed.push(tenant.id.clone());
    }
}
