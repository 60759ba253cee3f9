//! `patchbay-demo`: Patchbay shown at work. `cargo xtask demo` builds what it needs and calls it.

use std::path::PathBuf;

use clap::Parser;
use patchbay_benches::demo::{self, Places};

/// Shows a host at work, then stays up to be played with.
#[derive(Parser)]
#[command(name = "patchbay-demo", version)]
struct Args {
    /// End after the show; the exit code tells whether all went well.
    #[arg(long)]
    once: bool,
    /// The program `patchbay`.
    #[arg(long)]
    host: PathBuf,
    /// Built components.
    #[arg(long)]
    components: PathBuf,
    /// A directory with `tenants/` to copy.
    #[arg(long)]
    example: PathBuf,
    /// The captured transactions.
    #[arg(long)]
    captures: PathBuf,
    /// Made anew.
    #[arg(long)]
    work: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Args { once, host, components, example, captures, work } = Args::parse();
    let work = std::path::absolute(work)?;
    demo::run(&Places { host, components, example, captures, work }, once).await
}
