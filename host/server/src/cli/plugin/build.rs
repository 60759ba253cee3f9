//! `patchbay plugin build`: from a crate to a component.

use std::path::{Path, PathBuf};

use clap::Args;
use patchbay_workbench::Project;

use super::super::output::{Output, here};
use crate::failure::Failure;

/// Builds the project that this directory lies in, and makes a component of it, with `plugin.toml` inside.
///
/// The compiler needs the target wasm32-unknown-unknown: `rustup target add wasm32-unknown-unknown`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugin build                                       target/<name>.wasm
  patchbay plugin build --out /etc/patchbay/components/my-router.wasm    into a running host, which swaps to it
  patchbay plugin build --json | jq -r .digest")]
pub(super) struct Build {
    /// The project's directory; else the one that this directory lies in.
    #[arg(long, value_name = "DIR", default_value = ".")]
    path: PathBuf,
    /// Where the component is written; else `target/<name>.wasm`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

// === impl Build ===

impl Build {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let project = Project::needed(&self.path)?;
        let built = patchbay_workbench::build(&project, self.out.as_deref().map(Path::new))?;
        if self.json {
            return Ok(out.json(&built)?);
        }
        let size = built.size.div_ceil(1024);
        Ok(out.line(format!(
            "{}  {size} KiB  {}  {}",
            built.name,
            built.digest,
            here(&built.path).display()
        ))?)
    }
}
