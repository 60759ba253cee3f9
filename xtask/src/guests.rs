//! `cargo xtask guests`: every crate of the workspace that has a `plugin.toml` is built for WebAssembly, made into a
//! component with its manifest inside, and laid into `target/guests`.

mod target;
mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use workspace::{Guest, Workspace};

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these; without any, all of them
    names: Vec<String>,
}

/// A component that was built.
pub(crate) struct Built {
    /// The plugin's name.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Bytes of the component.
    pub(crate) size: usize,
}

/// Builds and tells what was built.
///
/// # Errors
/// See [`build`].
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    for built in build(&args.names)? {
        println!("{:<20} {:>8} KiB  {}", built.name, built.size.div_ceil(1024), built.path.display());
    }
    Ok(())
}

/// Builds the named guests, or all. A file is replaced by renaming, so whoever watches `target/guests` sees whole
/// components only.
///
/// # Errors
/// When the target cannot be added, a name is unknown, or a guest does not build.
pub(crate) fn build(names: &[String]) -> anyhow::Result<Vec<Built>> {
    let workspace = Workspace::read()?;
    let guests = chosen(&workspace, names)?;
    target::ensure()?;
    compile(&workspace, &guests)?;
    let out = workspace.target.join("guests");
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    guests.iter().map(|guest| finish(&workspace, guest, &out)).collect()
}

fn chosen<'a>(workspace: &'a Workspace, names: &[String]) -> anyhow::Result<Vec<&'a Guest>> {
    if names.is_empty() {
        return Ok(workspace.guests.iter().collect());
    }
    let known = || workspace.guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let guest = workspace.guests.iter().find(|guest| guest.name == *name);
        guest.with_context(|| format!("there is no guest `{name}`; there are {}", known()))
    };
    names.iter().map(find).collect()
}

/// One cargo call for all, so that what they share is compiled once.
fn compile(workspace: &Workspace, guests: &[&Guest]) -> anyhow::Result<()> {
    if guests.is_empty() {
        return Ok(());
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&workspace.root).args(["build", "--profile", "guest", "--target", target::NAME]);
    for guest in guests {
        cargo.args(["--package", &guest.name]);
    }
    let status = cargo.status().context("cargo")?;
    ensure!(status.success(), "the guests do not build");
    Ok(())
}

fn finish(workspace: &Workspace, guest: &Guest, out: &Path) -> anyhow::Result<Built> {
    let core = workspace.target.join(target::NAME).join("guest").join(guest.artefact());
    let core = fs::read(&core).with_context(|| core.display().to_string())?;
    let manifest =
        fs::read_to_string(&guest.manifest).with_context(|| guest.manifest.display().to_string())?;
    let component = patchbay_package::componentize(&core, &manifest).with_context(|| guest.name.clone())?;
    match patchbay_package::Manifest::read(&component)? {
        Some(manifest) if manifest.name == guest.name => {}
        _ => bail!("{}: `name` is not the crate's name `{}`", guest.manifest.display(), guest.name),
    }
    let path = out.join(format!("{}.wasm", guest.name));
    let unfinished = out.join(format!(".{}.wasm.new", guest.name));
    fs::write(&unfinished, &component).with_context(|| unfinished.display().to_string())?;
    fs::rename(&unfinished, &path).with_context(|| path.display().to_string())?;
    Ok(Built { name: guest.name.clone(), path, size: component.len() })
}
