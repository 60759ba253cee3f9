//! From the watched directory to a tenant's [`Source`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use patchbay_types::{Digest, Millis, TenantConfig, TenantId, tenant::FailurePolicy};

use super::{
    directory::{TENANTS, component_file, tenant_file},
    files::Files,
    finding::Finding,
    places::Places,
    read::Unread,
    slot_files::{SlotFiles, kind, settings_name},
    source::{Refusal, RefusalKind, SETTINGS_SIZE, Source, TENANT_SIZE},
    stamp::Stamp,
};

/// A tenant's file as it was read, before what it names is.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) tenant: TenantId,
    file: String,
    text: Arc<str>,
    pub(super) config: Result<Arc<TenantConfig>, Refusal>,
}

/// What the directory holds for a tenant.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Every file that it is made of.
    pub(super) stamps: BTreeMap<Arc<str>, Stamp>,
    /// Their names and contents in one digest.
    pub(super) inputs: Digest,
    pub(super) source: Result<Source, Vec<Refusal>>,
}

/// Reads and parses a tenant's file.
///
/// # Errors
/// When it is missing or still being written; everything else is part of the draft.
pub(super) fn draft(files: &mut Files, tenant: &TenantId) -> Result<Draft, Unread> {
    let file = tenant_file(tenant);
    let (text, config) = match files.text(&file, TENANT_SIZE) {
        Ok(text) => {
            let config = TenantConfig::parse(&text).map(Arc::new).map_err(|error| {
                Refusal::tenant(RefusalKind::Rejected, Finding::config(&file, &text, error))
            });
            (text, config)
        }
        Err(unread @ (Unread::Missing | Unread::Unsettled(_))) => return Err(unread),
        Err(unread) => {
            ("".into(), Err(Refusal::tenant(kind(&unread), Finding::file(&file, unread.to_string()))))
        }
    };
    Ok(Draft { tenant: tenant.clone(), file, text, config })
}

/// Looks at what an unsettled tenant's file seems to name, so that all of it settles in the same time as the file.
pub(super) fn look_ahead(files: &mut Files, tenant: &TenantId) {
    let text = files.peek(&tenant_file(tenant), TENANT_SIZE).and_then(|blob| blob.text());
    let config = text.ok().and_then(|text| TenantConfig::parse(&text).ok());
    for name in config.iter().flat_map(inputs) {
        files.stamp(&name);
    }
}

// === impl Draft ===

impl Draft {
    /// Files that it names as settings.
    pub(super) fn claims(&self) -> BTreeSet<String> {
        self.config.as_ref().map(|config| claims(config)).unwrap_or_default()
    }

    /// Reads everything that the draft names.
    ///
    /// # Errors
    /// With the time to come again, while one of the files is being written.
    pub(super) fn gather(self, files: &mut Files, component_size: u64) -> Result<Gathered, Millis> {
        let mut names = self.config.as_ref().map(|config| inputs(config)).unwrap_or_default();
        names.insert(self.file.clone());
        if let Some(due) = names.iter().filter_map(|name| files.unsettled(name)).max() {
            return Err(due);
        }
        let mut stamps = BTreeMap::new();
        let mut contents = Vec::new();
        for name in names {
            let limit = if name.starts_with(TENANTS) { SETTINGS_SIZE } else { component_size };
            let content = match files.read(&name, limit) {
                Ok(blob) => blob.digest.to_string(),
                Err(Unread::Unsettled(due)) => return Err(due),
                Err(Unread::Missing) => "missing".to_owned(),
                Err(Unread::Refused(_) | Unread::Trouble(_)) => "unread".to_owned(),
            };
            stamps.insert(Arc::from(name.as_str()), files.stamp(&name));
            contents.extend([name, content]);
        }
        let inputs = Digest::of_parts(contents.iter().map(String::as_bytes));
        Ok(Gathered { stamps, inputs, source: self.source(files, inputs, component_size) })
    }

    fn source(self, files: &mut Files, inputs: Digest, component_size: u64) -> Result<Source, Vec<Refusal>> {
        let Self { tenant, file, text, config } = self;
        let config = config.map_err(|refusal| vec![refusal])?;
        let slots = Places::of(&config).make(|name, world, slot| {
            SlotFiles { name, world, slot, file: &file, text: &text }.gather(files, component_size)
        })?;
        Ok(Source { tenant, text, config, inputs, slots })
    }
}

/// Files that `config` names as settings.
pub(super) fn claims(config: &TenantConfig) -> BTreeSet<String> {
    config.slots().filter_map(|(_, slot)| slot.settings_file.as_deref().map(settings_name)).collect()
}

fn inputs(config: &TenantConfig) -> BTreeSet<String> {
    let mut names = claims(config);
    for (_, slot) in config.slots() {
        names.insert(component_file(&slot.component));
        if let FailurePolicy::Fallback(component) = &slot.on_fault {
            names.insert(component_file(component));
        }
    }
    names
}
