//! `patchbay check`: mistakes found before they serve.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use clap::Args;
use patchbay_plugin::{
    Runtime, RuntimeConfig,
    reload::{self, Finding},
};
use patchbay_types::{TenantConfig, TenantId};
use serde::Serialize;

use super::{Directory, output::Output};
use crate::{
    config::{FILE, Loaded},
    contradictions,
    failure::Failure,
    secrets::Tokens,
};

/// Reads everything in the directory as a start would, tries every component, and says what is wrong and where.
///
/// Nothing that runs is touched. The exit code is 1 when something is wrong; a warning alone is not.
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
    /// Wrong: it would be refused.
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
            out.line(summary(&report))?;
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
            report.warnings = warnings(loaded);
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

fn warnings(loaded: &Loaded) -> Vec<String> {
    let mut warnings = contradictions::of_host(&loaded.host);
    let files = std::fs::read_dir(loaded.dir.join("tenants")).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    paths.sort();
    for path in paths {
        let tenant = path.file_stem().and_then(|stem| TenantId::parse(stem.to_str()?).ok());
        let config = std::fs::read_to_string(&path).ok().and_then(|text| TenantConfig::parse(&text).ok());
        if let (Some(tenant), Some(config)) = (tenant, config) {
            warnings.extend(contradictions::of_tenant(&loaded.host, &tenant, &config));
        }
    }
    warnings
}

fn summary(report: &Report) -> String {
    match report.findings.len() {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        n => format!("{n} things are wrong"),
    }
}
