//! What one slot of a tenant's file names: its component, the component to fall back to, its settings.

use std::sync::Arc;

use patchbay_types::tenant::{FailurePolicy, SlotConfig};

use super::{
    directory::{TENANTS, component_file},
    files::Files,
    finding::Finding,
    read::{Blob, Unread},
    settings,
    source::{Refusal, RefusalKind, SETTINGS_SIZE, SlotSource},
};
use crate::runtime::World;

/// A slot being gathered, with where it is written.
pub(super) struct SlotFiles<'a> {
    pub(super) name: Arc<str>,
    pub(super) world: World,
    pub(super) slot: &'a SlotConfig,
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

// === impl SlotFiles ===

impl SlotFiles<'_> {
    pub(super) fn gather(self, files: &mut Files, component_size: u64) -> Result<SlotSource, Vec<Refusal>> {
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

/// What sort of reason it is not to have read a file.
pub(super) fn kind(unread: &Unread) -> RefusalKind {
    match unread {
        Unread::Missing => RefusalKind::Missing,
        Unread::Refused(_) => RefusalKind::Rejected,
        Unread::Trouble(_) | Unread::Unsettled(_) => RefusalKind::Trouble,
    }
}

/// A settings file's name, which is relative to the tenants' files, relative to the directory.
pub(super) fn settings_name(file: &str) -> String {
    let plain = file.split('/').filter(|part| !matches!(*part, "" | "."));
    std::iter::once(TENANTS).chain(plain).collect::<Vec<_>>().join("/")
}
