//! A project of each kind, from `new` to a component that answers its case.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use patchbay_workbench::{Component, Kind, New, Project, Sandbox, build, check, files, new, test};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Whether the compiler has the target; without it nothing here can be built, and neither can the suite's guests.
pub(crate) fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(output.stdout).unwrap();
    let there = Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir();
    if !there {
        eprintln!("SKIPPED: the compiler has no target wasm32-unknown-unknown");
    }
    there
}

/// A project whose dependencies are those of the workspace: whatever is newer today is not tried here.
/// Each has a name of its own, since they may share a directory to compile in.
pub(crate) fn project(dir: &Path, kind: Kind, name: &str) -> Project {
    let path = Some(dir.to_owned());
    let made = new(&New { kind, name: name.into(), path, sdk: Some(root().join("sdk")) }).unwrap();
    fs::copy(root().join("Cargo.lock"), made.join("Cargo.lock")).unwrap();
    // What projects have in common is compiled once, also for the tests of the guides.
    let shared = format!("[build]\ntarget-dir = '{}/projects'\n", env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir(made.join(".cargo")).unwrap();
    fs::write(made.join(".cargo/config.toml"), shared).unwrap();
    Project::needed(&made).unwrap()
}

fn goes_from_new_to_a_tested_component(kind: Kind, name: &str) {
    if !has_target() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = project(dir.path(), kind, name);
    let built = build(&project, None).unwrap();
    assert_eq!(built.path, project.component());
    let component = Component::read(&built.path).unwrap();
    assert_eq!((component.digest, component.title().as_str()), (built.digest, &*format!("{name} 0.1.0")));

    let sandbox = Sandbox::new().unwrap();
    assert_eq!(check(&sandbox, &component, None).problems, [""; 0]);
    let report = test(&sandbox, &component, &files(&project.cases()).unwrap(), None);
    let ran = report.cases[0].steps.iter().any(|step| step.took_us > 0);
    assert!(report.is_good() && ran, "{}", report.cases[0]);

    // Its own tests pass natively, and nobody has to format what nobody has written yet.
    let cargo = |args: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        let output = cargo.args(args).current_dir(&project.dir).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    cargo(&["test", "--quiet", "--lib"]);
}

#[test]
fn a_router_goes_from_new_to_a_tested_component() {
    goes_from_new_to_a_tested_component(Kind::Router, "first-router");
}

#[test]
fn a_mapper_goes_from_new_to_a_tested_component() {
    goes_from_new_to_a_tested_component(Kind::Mapper, "first-mapper");
}

#[test]
fn an_adapter_goes_from_new_to_a_tested_component() {
    goes_from_new_to_a_tested_component(Kind::Adapter, "first-adapter");
}

#[test]
fn what_does_not_compile_and_what_is_no_plugin_is_said() {
    if !has_target() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = project(dir.path(), Kind::Router, "broken");
    fs::write(project.dir.join("src/lib.rs"), "fn broken( {").unwrap();
    let error = build(&project, None).unwrap_err().to_string();
    assert!(error.contains("does not compile"), "{error}");
    fs::write(project.dir.join("src/lib.rs"), "").unwrap();
    let error = build(&project, None).unwrap_err().to_string();
    assert!(error.contains("does not export `plugin`") && error.contains("export_router!"), "{error}");
    let nowhere = Project::needed(tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
    assert!(nowhere.contains("patchbay plugin new"), "{nowhere}");
}
