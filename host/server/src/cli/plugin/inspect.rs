//! `patchbay plugin inspect`: what a component says of itself.

use std::path::PathBuf;

use clap::Args;
use patchbay_workbench::{Component, Inspected, Sandbox, Schema};

use super::super::output::Output;
use crate::failure::Failure;

/// Shows a component's manifest, digest, imports, exports, sections, and the schema of its settings.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin inspect target/my-router.wasm
  patchbay plugin inspect my-router.wasm --json | jq .settings.schema > settings.schema.json")]
pub(super) struct Inspect {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

// === impl Inspect ===

impl Inspect {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let component = Component::read(&self.file)?;
        let inspected = patchbay_workbench::inspect(&Sandbox::new()?, &component);
        if self.json {
            return Ok(out.json(&inspected)?);
        }
        let Inspected { digest, size, manifest, imports, exports, sections, settings } = inspected;
        out.line(component.title())?;
        out.line(format!("digest    {digest}"))?;
        out.line(format!("size      {size} bytes"))?;
        match &manifest {
            Some(manifest) => {
                out.line(format!("contract  {}", manifest.contract))?;
                out.line(format!(
                    "world     {}",
                    serde_json::to_value(manifest.world)?.as_str().unwrap_or("?")
                ))?;
                for line in manifest.description.iter() {
                    out.line(format!("about     {line}"))?;
                }
                out.line(format!("wants     {}", serde_json::to_string(&manifest.wants)?))?;
                out.line(format!("limits    {}", serde_json::to_string(&manifest.limits)?))?;
            }
            None => out.line("it has no manifest: `patchbay plugin build` puts one in")?,
        }
        for import in &imports {
            out.line(format!("imports   {import}"))?;
        }
        for export in &exports {
            out.line(format!("exports   {export}"))?;
        }
        for (kind, bytes) in &sections {
            out.line(format!("section   {kind}: {bytes} bytes"))?;
        }
        match settings {
            Schema::Schema(schema) => {
                out.line("settings:")?;
                out.json(&schema)?;
            }
            Schema::None(why) => out.line(format!("settings: no schema, {why}"))?,
        }
        Ok(())
    }
}
