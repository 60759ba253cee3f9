//! `patchbay plugin new`: a project to begin with.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use patchbay_workbench as workbench;
use serde_json::json;

use super::super::output::Output;
use crate::failure::Failure;

/// Makes a project that builds and is tested: a crate, `plugin.toml`, a case, and what a CI needs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin new router my-router
  patchbay plugin new adapter acme-crm --path plugins/acme-crm
  patchbay plugin new mapper my-mapper --sdk-path ../patchbay/sdk    against a checkout of the SDK")]
pub(super) struct New {
    /// What it is to be.
    kind: Kind,
    /// Its name: of a-z, 0-9 and `-`, beginning with a letter.
    name: String,
    /// Where; else a directory of that name, here.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// The SDK in a directory, instead of the published one.
    #[arg(long, value_name = "DIR", env = "PATCHBAY_SDK")]
    sdk_path: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Says which CRM a message goes to.
    Router,
    /// Makes messages of Matrix events, and Matrix events of what a CRM tells.
    Mapper,
    /// Opens tickets in a CRM, and writes into them.
    Adapter,
}

// === impl New ===

impl New {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let kind = match self.kind {
            Kind::Router => workbench::Kind::Router,
            Kind::Mapper => workbench::Kind::Mapper,
            Kind::Adapter => workbench::Kind::Adapter,
        };
        let (name, path, sdk) = (self.name.clone(), self.path.clone(), self.sdk_path.clone());
        let dir = workbench::new(&workbench::New { kind, name, path, sdk })?;
        if self.json {
            return Ok(out.json(&json!({ "kind": kind, "name": self.name, "path": dir }))?);
        }
        out.line(format!("made {}", dir.display()))?;
        if self.sdk_path.is_none() {
            out.line(
                "note: patchbay-sdk is not on crates.io yet: name a checkout by --sdk-path or PATCHBAY_SDK",
            )?;
        }
        out.line("next: go there, `cargo test`, then `patchbay plugin test`")?;
        Ok(())
    }
}
