//! From the watched directory to a tenant's [`Source`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use patchbay_types::{
    Digest, Millis, TenantConfig, TenantId,
    tenant::{FailurePolicy, SlotConfig},
};

use super::{
    directory::{TENANTS, component_file, tenant_file},
    files::{Blob, Files, Unread},
    finding::Finding,
    places::Places,
    settings,
    source::{Refusal, RefusalKind, SETTINGS_SIZE, SlotSource, Source, TENANT_SIZE},
    stamp::Stamp,
};
use crate::runtime::World;

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
            Slot { name, world, slot, file: &file, text: &text }.gather(files, component_size)
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

fn settings_name(file: &str) -> String {
    let plain = file.split('/').filter(|part| !matches!(*part, "" | "."));
    std::iter::once(TENANTS).chain(plain).collect::<Vec<_>>().join("/")
}

/// A slot being gathered, with where it is written.
struct Slot<'a> {
    name: Arc<str>,
    world: World,
    slot: &'a SlotConfig,
    file: &'a str,
    text: &'a str,
}

// === impl Slot ===

impl Slot<'_> {
    fn gather(self, files: &mut Files, component_size: u64) -> Result<SlotSource, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let component = self.component(files, &self.slot.component, "component", component_size);
        let component = component.map_err(|refusal| refusals.push(refusal)).ok();
        let settings = self.settings(files).map_err(|refusal| refusals.push(refusal)).ok();
        let fallback = match &self.slot.on_fault {
            FailurePolicy::Fallback(name) => self
                .component(files, name, "on-fault", component_size)
                .map(|blob| (name.clone(), blob))
                .map_err(|refusal| refusals.push(refusal))
                .ok(),
            FailurePolicy::Park | FailurePolicy::Skip => None,
        };
        match (component, settings) {
            (Some(component), Some(settings)) if refusals.is_empty() => {
                let Self { name, world, slot, .. } = self;
                Ok(SlotSource { name, world, config: slot.clone(), component, settings, fallback })
            }
            _ => Err(refusals),
        }
    }

    fn component(&self, files: &mut Files, name: &str, key: &str, size: u64) -> Result<Blob, Refusal> {
        let file = component_file(name);
        files.read(&file, size).map_err(|unread| {
            let field = format!("{}.{key}", self.name);
            let finding = Finding::field(self.file, self.text, &field, format!("{file}: {unread}"));
            Refusal::slot(&self.name, kind(&unread), finding)
        })
    }

    fn settings(&self, files: &mut Files) -> Result<Arc<str>, Refusal> {
        let settings = self.settings_of_any_size(files)?;
        if settings.len() as u64 <= SETTINGS_SIZE {
            return Ok(settings);
        }
        let message =
            format!("{} bytes of settings are more than the {SETTINGS_SIZE} allowed", settings.len());
        Err(Refusal::slot(
            &self.name,
            RefusalKind::Rejected,
            Finding::field(self.file, self.text, &self.name, message),
        ))
    }

    fn settings_of_any_size(&self, files: &mut Files) -> Result<Arc<str>, Refusal> {
        let refuse = |kind, finding| Refusal::slot(&self.name, kind, finding);
        if let Some(table) = &self.slot.settings {
            return settings::from_table(table).map_err(|message| {
                let field = format!("{}.settings", self.name);
                refuse(RefusalKind::Rejected, Finding::field(self.file, self.text, &field, message))
            });
        }
        let Some(file) = &self.slot.settings_file else { return Ok(settings::NONE.into()) };
        let name = settings_name(file);
        let text = files.confine(&name, TENANTS).and_then(|()| files.text(&name, SETTINGS_SIZE)).map_err(
            |unread| {
                let field = format!("{}.settings-file", self.name);
                refuse(
                    kind(&unread),
                    Finding::field(self.file, self.text, &field, format!("{name}: {unread}")),
                )
            },
        )?;
        settings::from_file(&name, &text)
            .map_err(|error| refuse(RefusalKind::Rejected, Finding::config(&name, &text, error)))
    }
}

fn kind(unread: &Unread) -> RefusalKind {
    match unread {
        Unread::Missing => RefusalKind::Missing,
        Unread::Refused(_) => RefusalKind::Rejected,
        Unread::Trouble(_) | Unread::Unsettled(_) => RefusalKind::Trouble,
    }
}
