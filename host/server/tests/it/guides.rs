//! The guides, followed to the letter: each command in them is run, in their order, by a shell.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The commands of a guide: all that stands in its blocks of `sh`.
fn commands(guide: &str) -> Vec<String> {
    let blocks = guide.split("\n```sh\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap().to_owned()).collect()
}

/// Follows `docs/guides/<kind>.md`, and looks whether a component named `name` came of it.
fn is_followed(kind: &str, name: &str) {
    let guide = fs::read_to_string(root().join(format!("docs/guides/{kind}.md"))).unwrap();
    let commands = commands(&guide);
    assert!(commands.len() > 4, "the guide's blocks are not understood: {commands:?}");
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config");
    fs::create_dir_all(config.join("components")).unwrap();
    // The project's dependencies are those of the workspace: whatever is newer today is not tried here.
    let lock = root().join("Cargo.lock");
    let (first, rest) = commands.split_first().unwrap();
    let script = format!("set -ex\n{first}\ncp '{}' Cargo.lock\n{}\n", lock.display(), rest.join("\n"));
    let program = Path::new(env!("CARGO_BIN_EXE_patchbay")).parent().unwrap();
    let path = env::join_paths(
        [program.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())),
    );
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .current_dir(dir.path())
        .env("PATH", path.unwrap())
        .env("PATCHBAY_SDK", root().join("sdk"))
        .env("PATCHBAY_CONFIG", &config)
        // What the three have in common is compiled once.
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"))
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    assert!(config.join("components").join(name).with_extension("wasm").is_file(), "{said}");
}

#[test]
fn the_guide_to_a_router_leads_to_a_live_component() {
    is_followed("router", "vip-router");
}

#[test]
fn the_guide_to_a_mapper_leads_to_a_live_component() {
    is_followed("mapper", "shop-mapper");
}

#[test]
fn the_guide_to_an_adapter_leads_to_a_live_component() {
    is_followed("adapter", "acme-crm");
}
