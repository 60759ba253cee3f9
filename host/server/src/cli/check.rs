//! `patchbay check`: mistakes found before they serve.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use patchbay_plugin::{
    Runtime, RuntimeConfig,
    reload::{self, Finding},
};
use patchbay_types::{TenantConfig, TenantId};
use patchbay_workbench::{Component, lacking};
use serde::Serialize;

use super::{Directory, output::Output};
use crate::{
    config::{FILE, Loaded},
    contradictions,
    failure::Failure,
    secrets::Tokens,
    tenant_secrets::{self, Missing},
};

/// Reads everything in the directory as a start would, tries every component, and says what is wrong and where.
///
/// Secrets have to be where they are said to be. What the environment holds is this command's own: one that is missing
/// there is a warning. Nothing that runs is touched. The exit code is 1 when something is wrong; a warning alone is not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay check --config /etc/patchbay
  patchbay check --quick                     reads files, but runs no component
  patchbay check --json | jq -r '.findings[] | \"\\(.file):\\(.line) \\(.message)\"'")]
pub(super) struct Check {
    #[command(flatten)]
    directory: Directory,
    /// Do not compile and try the components.
    #[arg(long)]
    quick: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Wrong: it would be refused, or could not do its work.
    findings: Vec<Finding>,
    /// Allowed, and yet hardly meant.
    warnings: Vec<String>,
}

// === impl Check ===

impl Check {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let dir = &self.directory.config;
        // Where even the directory cannot be read, there is nothing to be found in it.
        std::fs::read_dir(dir).with_context(|| format!("cannot look into {}", dir.display()))?;
        let report = self.report(dir)?;
        if self.json {
            out.json(&report)?;
        } else {
            for finding in &report.findings {
                out.line(finding.to_string())?;
            }
            for warning in &report.warnings {
                out.line(format!("warning: {warning}"))?;
            }
            out.line(summary(&report, self.quick))?;
        }
        if report.findings.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }

    fn report(&self, dir: &Path) -> anyhow::Result<Report> {
        let mut report = Report::default();
        // A host file that cannot be read is among the reloader's findings, with its line.
        let loaded = Loaded::read(dir).ok();
        if self.quick {
            report.findings = reload::check(dir, None);
        } else {
            let cache = tempfile::tempdir().context("cannot make a directory to compile in")?;
            let plugins = loaded.as_ref().map(|loaded| loaded.host.plugins).unwrap_or_default();
            let config =
                RuntimeConfig { cache: cache.path().join("cache"), cache_key: rand::random(), plugins };
            let runtime = Runtime::new(config).map_err(|error| anyhow!("the plugin runtime: {error}"))?;
            report.findings = reload::check(dir, Some(&runtime));
        }
        if let Some(loaded) = &loaded {
            report.findings.extend(secrets(loaded));
            report.warnings = contradictions::of_host(&loaded.host);
            for (tenant, config) in tenants(loaded) {
                report.warnings.extend(contradictions::of_tenant(&loaded.host, &tenant, &config));
                report.warnings.extend(grants(loaded, &tenant, &config));
                values(loaded, &tenant, &config, &mut report);
            }
        }
        Ok(report)
    }
}

fn secrets(loaded: &Loaded) -> impl Iterator<Item = Finding> {
    loaded.host.registrations.iter().filter_map(|registration| {
        let error = Tokens::of(registration, &loaded.dir).err()?;
        Some(Finding {
            file: FILE.to_owned(),
            line: None,
            column: None,
            field: Some("registrations".to_owned()),
            message: format!("{error:#}"),
        })
    })
}

/// The files of tenants that can be understood; of the others the reloader tells.
fn tenants(loaded: &Loaded) -> Vec<(TenantId, TenantConfig)> {
    let files = std::fs::read_dir(loaded.dir.join("tenants")).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let tenant = TenantId::parse(path.file_stem()?.to_str()?).ok()?;
        let config = TenantConfig::parse(&std::fs::read_to_string(path).ok()?).ok()?;
        Some((tenant, config))
    };
    paths.iter().filter_map(read).collect()
}

/// What a component wants by its manifest and is not granted: it is taken all the same, and does without.
fn grants(loaded: &Loaded, tenant: &TenantId, config: &TenantConfig) -> Vec<String> {
    let mut said = Vec::new();
    for (slot, filled) in config.slots() {
        let file = loaded.dir.join("components").join(format!("{}.wasm", filled.component));
        // What is too large, or cannot be read, is among the reloader's findings.
        let most = loaded.host.plugins.component_size.0;
        let file = Some(file).filter(|file| std::fs::metadata(file).is_ok_and(|file| file.len() <= most));
        let manifest =
            file.and_then(|file| Component::read(&file).ok()).and_then(|component| component.manifest);
        let wants = manifest.map(|manifest| manifest.wants).unwrap_or_default();
        let lacking = lacking(&wants, &slot, &filled.grants);
        said.extend(lacking.into_iter().map(|why| format!("tenant `{tenant}`: {}: {why}", filled.component)));
    }
    said
}

/// A file without a value is wrong. The environment is another one for each process, so that is a warning.
fn values(loaded: &Loaded, tenant: &TenantId, config: &TenantConfig, report: &mut Report) {
    for (slot, filled) in config.slots() {
        for Missing { secret, why, in_environment } in tenant_secrets::missing(&loaded.dir, config, filled) {
            if in_environment {
                report.warnings.push(format!(
                    "tenant `{tenant}`: the secret `{secret}`, which `{slot}` was granted, has no value for this command: \
                     {why}"
                ));
                continue;
            }
            report.findings.push(Finding {
                file: format!("tenants/{tenant}.toml"),
                line: None,
                column: None,
                field: Some(format!("secrets.{secret}.from")),
                message: format!("it has no value, and `{slot}` was granted it: {why}"),
            });
        }
    }
}

fn summary(report: &Report, quick: bool) -> String {
    match report.findings.len() {
        0 if quick => {
            "nothing is wrong in the files; components and their settings were not tried (leave out `--quick`)".to_owned()
        }
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        n => format!("{n} things are wrong"),
    }
}
