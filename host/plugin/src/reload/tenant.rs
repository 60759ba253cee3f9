//! What the reloader knows of one tenant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use patchbay_types::{Digest, TenantId};

use super::{
    files::Files,
    gather::{Gathered, claims},
    generation::{GenerationRecord, History, PointerMove},
    source::{Refusal, RefusalKind},
    stamp::Stamp,
    trial::Trial,
};
use crate::chain::Chain;

/// Generations of each tenant that stay ready to be rolled back to; the one that serves is among them.
pub(super) const KEEP: usize = 3;

/// How often files are tried that take too long.
const TRIES: u32 = 3;

/// One tenant.
pub(super) struct Tenant {
    pub(super) id: TenantId,
    /// Newest first, [`KEEP`] at most.
    pub(super) records: Vec<GenerationRecord>,
    pub(super) pointer: Option<PointerMove>,
    /// Chains in memory, by generation.
    pub(super) chains: BTreeMap<u64, Arc<Chain>>,
    /// The files as they were when they were last read through.
    pub(super) seen: Option<Seen>,
    /// Files that the tenant's file names as settings.
    pub(super) claims: BTreeSet<String>,
    pub(super) trial: Trial,
}

/// The files of a tenant at some time.
#[derive(Debug)]
pub(super) struct Seen {
    stamps: BTreeMap<Arc<str>, Stamp>,
    pub(super) inputs: Digest,
    /// It is worth another try though nothing changed.
    again: bool,
    /// How often it was tried.
    tries: u32,
}

// === impl Tenant ===

impl Tenant {
    pub(super) fn new(id: TenantId) -> Self {
        Self {
            id,
            records: Vec::new(),
            pointer: None,
            chains: BTreeMap::new(),
            seen: None,
            claims: BTreeSet::new(),
            trial: Trial::default(),
        }
    }

    /// A tenant of an earlier run, with nothing loaded yet.
    pub(super) fn known(History { mut records, pointer }: History) -> Self {
        records.sort_by_key(|record| std::cmp::Reverse(record.generation));
        records.truncate(KEEP);
        Self { records, ..Self::new(pointer.tenant.clone()) }.pointing(pointer)
    }

    /// The generation that its pointer names.
    pub(super) fn active(&self) -> Option<&GenerationRecord> {
        let generation = self.pointer.as_ref()?.generation?;
        self.records.iter().find(|record| record.generation == generation)
    }

    /// The chain that serves.
    pub(super) fn serving(&self) -> Option<&Arc<Chain>> {
        self.chains.get(&self.pointer.as_ref()?.generation?)
    }

    pub(super) fn next_generation(&self) -> u64 {
        self.records.first().map_or(1, |newest| newest.generation + 1)
    }

    /// It was rolled back, and its files have not changed since.
    pub(super) fn is_pinned(&self) -> bool {
        let pin = self.pointer.as_ref().and_then(|pointer| pointer.pin);
        pin.is_some() && self.seen.as_ref().is_none_or(|seen| Some(seen.inputs) == pin)
    }

    /// Nothing has happened to its files since they were last read through.
    pub(super) fn is_unchanged(&self, files: &mut Files) -> bool {
        let Some(seen) = self.seen.as_ref().filter(|seen| !seen.again) else { return false };
        seen.stamps.iter().all(|(name, stamp)| files.stamp(name) == *stamp)
    }

    /// Keeps how its files look now; answers which of them changed.
    pub(super) fn remember(&mut self, gathered: &Gathered) -> Vec<Arc<str>> {
        let (before, tries) = self.seen.take().map(|seen| (seen.stamps, seen.tries)).unwrap_or_default();
        let changed = gathered.stamps.iter().filter(|(name, stamp)| before.get(*name) != Some(*stamp));
        let changed: Vec<_> = changed.map(|(name, _)| Arc::clone(name)).collect();
        let tries = if changed.is_empty() { tries } else { 0 };
        let (stamps, inputs) = (gathered.stamps.clone(), gathered.inputs);
        self.seen = Some(Seen { stamps, inputs, again: false, tries });
        changed
    }

    /// Its files were refused; whether they are worth another try though they do not change.
    pub(super) fn was_refused(&mut self, refusals: &[Refusal]) {
        let Some(seen) = &mut self.seen else { return };
        seen.tries += 1;
        seen.again = refusals.iter().any(|refusal| match refusal.kind {
            RefusalKind::Missing | RefusalKind::Rejected => false,
            RefusalKind::Late => seen.tries < TRIES,
            RefusalKind::Trouble => true,
        });
    }

    /// A new generation serves.
    pub(super) fn adopt(&mut self, record: GenerationRecord, chain: Arc<Chain>, moved: PointerMove) {
        self.records.insert(0, record);
        self.records.truncate(KEEP);
        self.serve(chain, moved);
        let kept: BTreeSet<u64> = self.records.iter().map(|record| record.generation).collect();
        self.chains.retain(|generation, _| kept.contains(generation));
    }

    /// A kept generation serves.
    pub(super) fn serve(&mut self, chain: Arc<Chain>, moved: PointerMove) {
        self.claims = claims(&chain.config);
        self.chains.insert(chain.generation, chain);
        self.pointer = Some(moved);
    }

    /// Its file, as it is now, names these as settings; what serves may name others.
    pub(super) fn claim(&mut self, own: BTreeSet<String>) {
        let serving = self.serving().map(|chain| claims(&chain.config));
        self.claims = own.into_iter().chain(serving.into_iter().flatten()).collect();
    }

    fn pointing(mut self, pointer: PointerMove) -> Self {
        self.pointer = Some(pointer);
        self
    }
}
