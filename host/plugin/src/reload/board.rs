//! What is shown of everything, kept beside what is done so that a question is answered at once, also while something
//! compiles.

use std::collections::BTreeMap;

use patchbay_types::{Millis, TenantId};

use super::{
    finding::Finding,
    reloader::{Reloader, lock},
    source::Refusal,
    status::{ReloadStatus, State, TenantStatus},
    tenant::Tenant,
};

/// The latest status of everything.
#[derive(Debug, Default)]
pub(super) struct Board {
    looked_at: Millis,
    findings: Vec<Finding>,
    tenants: BTreeMap<TenantId, TenantStatus>,
}

// === impl Reloader ===

impl Reloader {
    /// What runs where, and why something does not. Answers at once, also while something compiles.
    #[must_use]
    pub fn status(&self) -> ReloadStatus {
        let board = lock(&self.board);
        ReloadStatus {
            looked_at: board.looked_at,
            findings: board.findings.clone(),
            tenants: board.tenants.values().cloned().collect(),
        }
    }

    /// Shows a tenant's status from now on.
    pub(super) fn publish(&self, tenant: &Tenant) {
        lock(&self.board).tenants.insert(tenant.id.clone(), TenantStatus::of(tenant));
    }

    /// The tenant's files are changing, or wait for their turn.
    pub(super) fn wait(&self, tenant: &mut Tenant) {
        tenant.trial.become_state(State::Pending);
        self.publish(tenant);
    }

    /// Keeps what serves, and shows why. What is tried again and again is told once.
    pub(super) fn refuse(&self, tenant: &mut Tenant, refusals: &[Refusal], retried: bool) {
        for Refusal { slot, finding, .. } in refusals.iter().filter(|_| !retried) {
            let (tenant, generation) = (&tenant.id, tenant.serving().map(|chain| chain.generation));
            let slot = slot.as_deref().unwrap_or("-");
            tracing::error!(%tenant, slot, still_serving = generation, reason = %finding, "new files refused");
        }
        tenant.was_refused(refusals);
        tenant.trial.refuse(refusals, self.clock.now());
        self.publish(tenant);
    }

    /// Shows what is wrong with the directory, and tells of what is new in that.
    pub(super) fn note_findings(&self, findings: Vec<Finding>, now: Millis) {
        let mut board = lock(&self.board);
        for finding in findings.iter().filter(|finding| !board.findings.contains(finding)) {
            tracing::warn!(%finding, "the watched directory holds something of no use");
        }
        board.findings = findings;
        board.looked_at = now;
    }

    /// A file that looked like a tenant's is none.
    pub(super) fn forget(&self, id: &TenantId) {
        lock(&self.tenants).remove(id);
        lock(&self.board).tenants.remove(id);
    }
}
