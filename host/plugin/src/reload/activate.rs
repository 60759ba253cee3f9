//! The last steps to a new generation: load, write down, swap.

use std::{collections::BTreeSet, io, sync::Arc, time::Instant};

use patchbay_package::Manifest;
use patchbay_types::Digest;

use super::{
    directory::tenant_file,
    finding::Finding,
    generation::{GenerationRecord, MovedBy, PointerMove, SlotRecord},
    load::load,
    metrics::show_generation,
    reloader::{Reloader, lock},
    source::{Refusal, RefusalKind, Source},
    status::State,
    tenant::Tenant,
};
use crate::chain::Chain;

// === impl Reloader ===

impl Reloader {
    /// Brings `tenant` to a new generation made of `source`. Either it serves and is written down, or nothing changed.
    pub(super) fn activate(
        &self,
        tenant: &mut Tenant,
        source: &Source,
        changed: &[Arc<str>],
    ) -> Result<u64, Vec<Refusal>> {
        let begun = Instant::now();
        let loaded = load(&self.runtime, source)?;
        let now = self.clock.now();
        let generation = tenant.next_generation();
        let chain = loaded.into_chain(source, generation, now);
        let record = record(source, generation, now);
        let moved = PointerMove {
            tenant: tenant.id.clone(),
            generation: Some(generation),
            at: now,
            by: MovedBy::Directory,
            pin: None,
            note: note(changed),
        };

        // First the copies, then the record that names them, then the pointer that whoever serves looks at: a crash in
        // between costs one pass over the same files.
        let trouble = |what: String| {
            vec![Refusal::tenant(RefusalKind::Trouble, Finding::file(tenant_file(&tenant.id), what))]
        };
        self.keep_copies(source).map_err(|error| trouble(format!("the content store: {error}")))?;
        self.log.append(&record, &moved).map_err(|error| trouble(error.to_string()))?;
        self.swap(Arc::clone(&chain));

        for slot in source.slots.iter() {
            let (slot, component, digest) =
                (&*slot.name, &slot.config.component, slot.component.digest.short());
            tracing::info!(tenant = %tenant.id, generation, slot, component, digest, "slot active");
        }
        let took_ms = begun.elapsed().as_millis();
        tracing::info!(tenant = %tenant.id, generation, took_ms, changed = %moved.note, "generation active");
        tenant.adopt(record, chain, moved);
        tenant.trial.become_state(State::Active);
        self.publish(tenant);
        Ok(generation)
    }

    /// Makes `chain` the one that serves, and watches over the one before until nobody uses it.
    pub(super) fn swap(&self, chain: Arc<Chain>) {
        show_generation(&chain.tenant, Some(chain.generation));
        let now = chain.since;
        if let Some(old) = self.chains.swap(chain) {
            lock(&self.draining).add(old, now);
        }
    }

    /// Removes copies that no kept generation of any tenant names.
    pub(super) fn collect_garbage(&self) {
        let known = lock(&self.tenants).clone();
        let keep: BTreeSet<Digest> = known
            .values()
            .flat_map(|tenant| lock(tenant).records.iter().flat_map(digests).collect::<Vec<_>>())
            .collect();
        match self.store.retain(&keep) {
            Ok(0) => {}
            Ok(gone) => tracing::debug!(gone, "copies that no generation needs were removed"),
            Err(error) => tracing::warn!(%error, "copies that no generation needs could not be removed"),
        }
    }

    fn keep_copies(&self, source: &Source) -> io::Result<()> {
        self.store.put(Digest::of(source.text.as_bytes()), source.text.as_bytes())?;
        for slot in source.slots.iter() {
            self.store.put(slot.component.digest, &slot.component.bytes)?;
            self.store.put(Digest::of(slot.settings.as_bytes()), slot.settings.as_bytes())?;
            if let Some((_, blob)) = &slot.fallback {
                self.store.put(blob.digest, &blob.bytes)?;
            }
        }
        Ok(())
    }
}

fn record(source: &Source, generation: u64, at: u64) -> GenerationRecord {
    let slots = source.slots.iter().map(|slot| {
        let manifest = Manifest::read(&slot.component.bytes).ok().flatten();
        let record = SlotRecord {
            component: slot.config.component.clone(),
            plugin: manifest.map(|manifest| (manifest.name, manifest.version.to_string())),
            digest: slot.component.digest,
            settings: Digest::of(slot.settings.as_bytes()),
            fallback: slot.fallback.as_ref().map(|(name, blob)| (name.clone(), blob.digest)),
            grants: slot.config.grants.clone(),
            limits: slot.config.limits,
            instance: slot.config.instance,
        };
        (slot.name.to_string(), record)
    });
    GenerationRecord {
        tenant: source.tenant.clone(),
        generation,
        inputs: source.inputs,
        config: Digest::of(source.text.as_bytes()),
        slots: slots.collect(),
        at,
    }
}

fn digests(record: &GenerationRecord) -> Vec<Digest> {
    let slots = record.slots.values();
    let slots = slots.flat_map(|slot| {
        [Some(slot.digest), Some(slot.settings), slot.fallback.as_ref().map(|(_, digest)| *digest)]
    });
    slots.flatten().chain([record.config]).collect()
}

/// The names of what changed, as many as one likes to read.
fn note(changed: &[Arc<str>]) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = changed.iter().take(SHOWN).map(|name| &**name).collect();
    match changed.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names.join(", ")),
    }
}
