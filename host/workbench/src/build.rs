//! `plugin build`: cargo makes a core module, and with `plugin.toml` it becomes a component.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use patchbay_package::{CONTRACT, OtherContract};
use patchbay_plugin::World;
use patchbay_types::Digest;
use serde::{Deserialize, Serialize};

use crate::{
    component::{Component, interface, world},
    error::WorkbenchError,
    project::{MANIFEST, Project},
};

/// Nothing of an operating system: a component then imports nothing but the contract.
const TARGET: &str = "wasm32-unknown-unknown";

/// A component that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The plugin's name.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes of the component.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
}

/// What is read of cargo's messages.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Builds `project` for release, and writes its component to `out`, else to `target/<name>.wasm` in the project. The file
/// is replaced by renaming, so whoever watches it sees whole components only. What the compiler says goes to standard
/// error.
///
/// # Errors
/// When the compiler has no WebAssembly target, the project does not compile, or what comes out is no plugin.
pub fn build(project: &Project, out: Option<&Path>) -> Result<Built, WorkbenchError> {
    // Nobody should wait for a compiler to hear this.
    is_of_our_contract(project)?;
    target_is_there(project)?;
    let core = compile(project)?;
    let bytes = fs::read(&core).map_err(WorkbenchError::file(&core))?;
    let component = patchbay_package::componentize(&bytes, &project.text).map_err(|source| {
        WorkbenchError::Componentize { path: project.dir.clone(), source: source.into() }
    })?;
    is_a_plugin(project, &component)?;
    let path = out.map_or_else(|| project.component(), Path::to_owned);
    write(&path, &component)?;
    let (size, digest) = (component.len() as u64, Digest::of(&component));
    Ok(Built { name: project.manifest.name.clone(), path, size, digest })
}

fn is_of_our_contract(project: &Project) -> Result<(), WorkbenchError> {
    let Err(other) = project.manifest.check_contract() else { return Ok(()) };
    let OtherContract { theirs, ours, .. } = &other;
    let advice = if theirs > ours {
        format!("update `patchbay`, or say `contract = \"{ours}\"` and build with the SDK of that version")
    } else {
        format!("say `contract = \"{ours}\"`, and build with the SDK of that version")
    };
    let path = project.dir.join(MANIFEST);
    let why = format!("`contract`: it says {theirs}, and this `patchbay` speaks {ours}: {advice}");
    Err(WorkbenchError::content(&path, why))
}

/// A module that exports nothing makes a component too, and one that was made for another contract is as whole: neither
/// is a plugin of this one.
fn is_a_plugin(project: &Project, component: &[u8]) -> Result<(), WorkbenchError> {
    let component = Component::parse(component.to_vec()).map_err(WorkbenchError::Tool)?;
    if let Some(theirs) = component.other_contract() {
        let path = project.dir.join("Cargo.toml");
        let why = format!(
            "what it makes is of contract {theirs}, and this `patchbay` speaks {CONTRACT}: let `patchbay-sdk`, or what \
             stands in its place, be of that version"
        );
        return Err(WorkbenchError::content(&path, why));
    }
    let world = world(project.manifest.world);
    let missing = ["plugin", interface(world)].into_iter().find(|interface| !component.exports(interface));
    let Some(missing) = missing else { return Ok(()) };
    let path = project.dir.join("src/lib.rs");
    let name = match world {
        World::Mapper => "mapper",
        World::Router => "router",
        World::Adapter => "adapter",
    };
    let a = if world == World::Adapter { "an" } else { "a" };
    let why = format!(
        "what it makes does not export `{missing}`, and `plugin.toml` says that it is {a} {name}: say \
         `patchbay_sdk::export_{name}!(YourType);`, once"
    );
    Err(WorkbenchError::content(&path, why))
}

fn compile(project: &Project) -> Result<PathBuf, WorkbenchError> {
    let manifest = project.dir.join("Cargo.toml");
    let mut cargo = Command::new(cargo());
    cargo.current_dir(&project.dir).args(["build", "--release", "--lib", "--target", TARGET]);
    cargo.args(["--message-format", "json-render-diagnostics", "--manifest-path"]).arg(&manifest);
    let output = cargo.stderr(Stdio::inherit()).output().map_err(|error| {
        WorkbenchError::Tool(format!("cargo does not start ({error}): install Rust, https://rustup.rs"))
    })?;
    if !output.status.success() {
        let dir = project.dir.display();
        return Err(WorkbenchError::Tool(format!("{dir} does not compile; the compiler says above why")));
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let artefacts = messages.filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    let own = |path: &Path| fs::canonicalize(path).ok() == fs::canonicalize(&manifest).ok();
    let wasm = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
    artefacts
        .filter(|message| message.reason == "compiler-artifact" && own(&message.manifest_path))
        .flat_map(|message| message.filenames)
        .find(wasm)
        .ok_or_else(|| {
            let why = "cargo made no WebAssembly module of it: say `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]`";
            WorkbenchError::content(&manifest, why)
        })
}

/// Looks into the sysroot, since not every compiler came by rustup.
fn target_is_there(project: &Project) -> Result<(), WorkbenchError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc).current_dir(&project.dir).args(["--print", "sysroot"]).output();
    let output = output.map_err(|error| {
        WorkbenchError::Tool(format!("rustc does not start ({error}): install Rust, https://rustup.rs"))
    })?;
    let sysroot = String::from_utf8_lossy(&output.stdout);
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    Err(WorkbenchError::Tool(format!(
        "the compiler has no target {TARGET}: `rustup target add {TARGET}`, or install the package of your system \
         that brings Rust's standard library for it"
    )))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

fn write(path: &Path, component: &[u8]) -> Result<(), WorkbenchError> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::create_dir_all(dir).map_err(WorkbenchError::file(dir))?;
    }
    let unfinished = path.with_extension("wasm.part");
    fs::write(&unfinished, component).map_err(WorkbenchError::file(&unfinished))?;
    fs::rename(&unfinished, path).map_err(WorkbenchError::file(path))
}

#[cfg(test)]
mod tests {
    use patchbay_package::Manifest;

    use super::*;

    #[test]
    fn a_module_of_another_contract_is_told_of_with_both_versions_and_where_it_comes_from() {
        let text = "name = 'one'\nversion = '1.0.0'\ncontract = '0.1.0'\nworld = 'router'\n".to_owned();
        let manifest = Manifest::parse(&text).unwrap();
        let project = Project { dir: "here".into(), text, manifest };
        let said = |version: &str| {
            let component = format!(r#"(component (import "patchbay:plugin/types{version}" (instance)))"#);
            is_a_plugin(&project, &wat::parse_str(component).unwrap()).unwrap_err().to_string()
        };
        assert_eq!(
            said("@0.2.0"),
            "here/Cargo.toml: what it makes is of contract 0.2.0, and this `patchbay` speaks 0.1.0: let `patchbay-sdk`, or \
             what stands in its place, be of that version"
        );
        assert!(said("").contains("is of contract no version"), "{}", said(""));
        assert!(said("@0.1.0").contains("does not export `plugin`"), "{}", said("@0.1.0"));
    }
}
