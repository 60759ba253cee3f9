//! One look through the watched directory: which tenants are touched, and for each of them the way to a new generation.

use std::{collections::BTreeSet, time::Instant};

use patchbay_types::{Millis, TenantId};

use super::{
    directory::{self, tenant_file},
    files::Files,
    gather::{self, Draft},
    metrics::{Outcome, count},
    read::Unread,
    reloader::{Reloader, lock},
    status::State,
};

/// What a pass came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// When the next pass is due, if it is earlier than the regular one: a file was still being written.
    pub due: Option<Millis>,
    /// Tenants that serve a new generation.
    pub activated: Vec<(TenantId, u64)>,
    /// Tenants whose files were read and refused.
    pub refused: Vec<TenantId>,
    /// Tenants whose chain was taken away.
    pub removed: Vec<TenantId>,
}

// === impl Reloader ===

impl Reloader {
    /// Looks through the directory once, and brings every tenant whose files changed and are whole to a new generation.
    /// A tenant whose new files are no good keeps what it has. Blocks while components compile; a second caller waits.
    pub fn pass(&self) -> Passed {
        let now = self.clock.now();
        let mut files = lock(&self.files);
        files.begin_pass(now);
        let mut listing = directory::list(&self.config.dir);
        listing.findings.extend(lock(&self.host_file).look(&mut files));
        self.note_findings(listing.findings, now);

        let mut passed = Passed::default();
        if let Some(listed) = listing.tenants {
            let drafts = self.drafts(listed, &mut files, &mut passed);
            if !drafts.is_empty() {
                let claims = self.claims(&drafts);
                for draft in drafts {
                    self.take_up(draft, &claims, &mut files, &mut passed);
                }
            }
        }
        files.end_pass();
        // Before the next pass may begin: the copies that it makes are named by no generation yet.
        if !passed.activated.is_empty() {
            self.collect_garbage();
        }
        drop(files);
        passed.wait_for(self.look_at_draining(now));
        passed
    }

    /// The files of all tenants that were touched.
    fn drafts(&self, listed: BTreeSet<TenantId>, files: &mut Files, passed: &mut Passed) -> Vec<Draft> {
        let known = lock(&self.tenants).clone();
        let nobody = listed.is_empty();
        let mut names = listed;
        names.extend(known.keys().cloned());
        let mut drafts = Vec::new();
        for id in names {
            let mut tenant = known.get(&id).map(|tenant| lock(tenant));
            if tenant.as_mut().is_some_and(|tenant| tenant.is_unchanged(files)) {
                continue;
            }
            match gather::draft(files, &id) {
                Ok(draft) => drafts.push(draft),
                Err(Unread::Unsettled(due)) => {
                    passed.wait_for(Some(due));
                    gather::look_ahead(files, &id);
                    if let Some(tenant) = &mut tenant {
                        self.wait(tenant);
                    }
                }
                Err(_) => {
                    if let Some(tenant) = &mut tenant {
                        self.miss(tenant, nobody, passed);
                    }
                }
            }
        }
        drafts
    }

    /// All files that some tenant names as settings: one that lies among the tenants' files is no tenant's.
    fn claims(&self, drafts: &[Draft]) -> BTreeSet<String> {
        let known = lock(&self.tenants).clone();
        let mut claims: BTreeSet<_> = drafts.iter().flat_map(Draft::claims).collect();
        for tenant in known.values() {
            claims.extend(lock(tenant).claims.iter().cloned());
        }
        claims
    }

    fn take_up(&self, draft: Draft, claims: &BTreeSet<String>, files: &mut Files, passed: &mut Passed) {
        let begun = Instant::now();
        let id = draft.tenant.clone();
        let is_settings = draft.config.is_err() && claims.contains(&tenant_file(&id));
        let known = lock(&self.tenants).get(&id).cloned();
        if is_settings && known.as_ref().is_none_or(|tenant| lock(tenant).records.is_empty()) {
            self.forget(&id);
            return;
        }
        let tenant = self.tenant(&id);
        let mut tenant = lock(&tenant);
        let own_claims = draft.claims();
        let gathered = match draft.gather(files, self.component_size()) {
            Ok(gathered) => gathered,
            Err(due) => {
                passed.wait_for(Some(due));
                self.wait(&mut tenant);
                return;
            }
        };
        let changed = tenant.remember(&gathered);
        tenant.claim(own_claims);
        let serves = tenant.serving().is_some();
        if serves
            && (tenant.active().map(|active| active.inputs) == Some(gathered.inputs) || tenant.is_pinned())
        {
            tenant.trial.become_state(State::Active);
            self.publish(&tenant);
            count(&id, Outcome::Unchanged, begun.elapsed());
            return;
        }
        self.wait(&mut tenant);
        let retried = changed.is_empty();
        let made = gathered.source.and_then(|source| self.activate(&mut tenant, &source, &changed));
        match made {
            Ok(generation) => {
                passed.activated.push((id.clone(), generation));
                count(&id, Outcome::Activated, begun.elapsed());
            }
            Err(refusals) => {
                self.refuse(&mut tenant, &refusals, retried);
                count(&id, Outcome::Refused, begun.elapsed());
                passed.refused.push(id);
            }
        }
    }
}

// === impl Passed ===

impl Passed {
    pub(super) fn wait_for(&mut self, due: Option<Millis>) {
        self.due = self.due.into_iter().chain(due).min();
    }
}
