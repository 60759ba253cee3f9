//! From the content store to the [`Source`] of a generation that served before.

use std::sync::Arc;

use patchbay_types::{Digest, TenantConfig};

use super::{
    content_store::{ContentStore, StoreError},
    directory::tenant_file,
    finding::Finding,
    generation::GenerationRecord,
    places::Places,
    read::Blob,
    source::{Refusal, RefusalKind, SETTINGS_SIZE, SlotSource, Source, TENANT_SIZE},
};

/// Reads everything that `record` names.
///
/// # Errors
/// For each slot whose copies are absent or damaged; for the whole when the tenant's file of then cannot be understood
/// by the host of today.
pub(super) fn restore(
    store: &ContentStore,
    record: &GenerationRecord,
    component_size: u64,
) -> Result<Source, Vec<Refusal>> {
    let file = tenant_file(&record.tenant);
    let refused = |slot: Option<&Arc<str>>, error: String| {
        let finding = Finding::file(&file, format!("generation {}: {error}", record.generation));
        vec![Refusal { slot: slot.cloned(), kind: RefusalKind::Rejected, finding: Box::new(finding) }]
    };
    let text = text(store, record.config, TENANT_SIZE).map_err(|error| refused(None, error))?;
    let config = TenantConfig::parse(&text).map_err(|error| refused(None, error.to_string()))?;

    let slots = Places::of(&config).make(|name, world, slot| {
        let read = || -> Result<SlotSource, String> {
            let kept = record.slots.get(&*name).ok_or("the log of generations knows no such slot")?;
            let fallback = match &kept.fallback {
                Some((component, digest)) => Some((component.clone(), blob(store, *digest, component_size)?)),
                None => None,
            };
            Ok(SlotSource {
                name: Arc::clone(&name),
                world,
                config: slot.clone(),
                component: blob(store, kept.digest, component_size)?,
                settings: self::text(store, kept.settings, SETTINGS_SIZE)?,
                fallback,
            })
        };
        read().map_err(|error| refused(Some(&name), error))
    })?;
    let (tenant, config) = (record.tenant.clone(), Arc::new(config));
    Ok(Source { tenant, text, config, inputs: record.inputs, slots })
}

fn blob(store: &ContentStore, digest: Digest, limit: u64) -> Result<Blob, String> {
    let bytes = store.get(digest, limit).map_err(|error| error.to_string())?;
    Ok(Blob { bytes, digest })
}

fn text(store: &ContentStore, digest: Digest, limit: u64) -> Result<Arc<str>, String> {
    let bytes = store.get(digest, limit).map_err(|error: StoreError| error.to_string())?;
    std::str::from_utf8(&bytes).map(Arc::from).map_err(|error| error.to_string())
}
