//! `patchbay plugin check`: would the host take this component?

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use patchbay_plugin::reload::settings_of;
use patchbay_types::{TenantConfig, TenantId};
use patchbay_workbench::{Component, Granted, Sandbox};

use super::super::output::Output;
use crate::{
    config::Loaded,
    failure::Failure,
    tenant_secrets::{self, Missing},
};

/// Says whether the host would take a component: contract version, world, imports, and whether it comes up in the
/// sandbox. With a tenant's file, also whether that grants what the component wants, whether its settings fit, and
/// whether the secrets that it grants are where they are said to be.
///
/// The exit code is 1 when something has to be changed; what is said as a note alone does not count.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin check target/my-router.wasm
  patchbay plugin check acme-crm.wasm --config /etc/patchbay --tenant acme --slot adapters.crm
  patchbay plugin check acme-crm.wasm --json | jq -r '.problems[]'")]
pub(super) struct Check {
    /// The component; else the project here is built.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The directory with `patchbay.toml`, `components/` and `tenants/`.
    #[arg(long, value_name = "DIR", requires = "tenant")]
    config: Option<PathBuf>,
    /// The tenant whose grants, limits and settings count.
    #[arg(long, requires = "config")]
    tenant: Option<String>,
    /// The slot: `mapper`, `router` or `adapters.<name>`; else the one that names a component of this name.
    #[arg(long, requires = "tenant")]
    slot: Option<String>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

// === impl Check ===

impl Check {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let component = super::component(self.file.as_deref())?;
        let against = match (&self.config, &self.tenant) {
            (Some(dir), Some(tenant)) => Some(self.against(dir, tenant, &component)?),
            _ => None,
        };
        // What the host takes is the host's to say; where its file cannot be read, `patchbay check` tells.
        let host =
            self.config.as_ref().and_then(|dir| Loaded::read(dir).ok()).map(|loaded| loaded.host.plugins);
        let sandbox = Sandbox::taking(host.unwrap_or_default().component_size)?;
        let granted = against.as_ref().map(|(granted, _)| granted);
        let mut check = patchbay_workbench::check(&sandbox, &component, granted);
        for missing in against.iter().flat_map(|(_, missing)| missing) {
            let Missing { secret, why, in_environment } = missing;
            let said = format!("the secret `{secret}` has no value: {why}");
            if *in_environment {
                check.notes.push(said + ", for this command")
            } else {
                check.problems.push(said)
            }
        }
        if self.json {
            out.json(&check)?;
        } else {
            let world = check.world.as_deref().unwrap_or("of no world");
            let contract = check.contract.as_deref().unwrap_or("unknown");
            out.line(format!("{}  {world}, contract {contract}, {}", check.title, check.digest))?;
            for import in &check.imports {
                out.line(format!("  imports  {import}"))?;
            }
            for note in &check.notes {
                out.line(format!("note: {note}"))?;
            }
            for problem in &check.problems {
                out.line(format!("wrong: {problem}"))?;
            }
            out.line(match check.problems.len() {
                0 => "the host takes it".to_owned(),
                1 => "1 thing has to be changed".to_owned(),
                n => format!("{n} things have to be changed"),
            })?;
        }
        if check.problems.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }

    /// What the tenant grants, and which of its secrets have no value.
    fn against(
        &self,
        dir: &Path,
        tenant: &str,
        component: &Component,
    ) -> anyhow::Result<(Granted, Vec<Missing>)> {
        let tenant = TenantId::parse(tenant)?;
        let path = dir.join("tenants").join(format!("{tenant}.toml"));
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let config = TenantConfig::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let name = component.manifest.as_ref().map(|manifest| manifest.name.as_str());
        let is = |slot: &str, named: &str| match &self.slot {
            Some(wanted) => wanted == slot,
            None => Some(named) == name,
        };
        let names: Vec<String> = config.slots().map(|(name, _)| name).collect();
        let found = config.slots().find(|(name, slot)| is(name, &slot.component));
        let (slot, filled) = found.with_context(|| {
            format!("{}: which slot is meant? Say `--slot`, of {}", path.display(), names.join(", "))
        })?;
        let settings = settings_of(dir, filled).map_err(|error| anyhow!("{slot}: {error}"))?;
        let missing = tenant_secrets::missing(dir, &config, filled);
        Ok((Granted { slot, config: filled.clone(), settings: settings.as_ref().to_owned() }, missing))
    }
}
