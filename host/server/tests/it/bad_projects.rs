//! Projects that are no plugins, as `patchbay plugin build` and `plugin test` meet them: what is wrong where, and what to
//! change.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::host::patchbay;

/// A project to be spoilt.
struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// A sound one. Each has a name of its own, since they share a directory to compile in.
    fn new(kind: &str, name: &str) -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let made = patchbay()
            .args(["plugin", "new", kind, name, "--path"])
            .arg(project.path(""))
            .env("PATCHBAY_SDK", root.join("sdk"))
            .output()
            .unwrap();
        assert!(made.status.success());
        fs::copy(root.join("Cargo.lock"), project.path("Cargo.lock")).unwrap();
        project
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("project").join(file)
    }

    fn change(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{old} in {text}");
        fs::write(self.path(file), text.replace(old, new)).unwrap();
    }

    fn plugin(&self, args: &[&str]) -> Output {
        patchbay()
            .arg("plugin")
            .args(args)
            .current_dir(self.path(""))
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"))
            .output()
            .unwrap()
    }

    /// What `plugin build` says last, without the path of the project.
    fn refusal(&self) -> String {
        let built = self.plugin(&["build"]);
        let said = String::from_utf8(built.stderr).unwrap();
        assert_eq!(built.status.code(), Some(1), "{said}");
        assert!(!self.path("target").exists(), "nothing is written");
        said.lines().last().unwrap().replace(self.path("").to_str().unwrap(), "")
    }
}

#[test]
fn a_manifest_is_read_before_anything_is_compiled_and_its_line_is_named() {
    let project = Project::new("router", "spoilt-manifest");
    let manifest = fs::read_to_string(project.path("plugin.toml")).unwrap();
    for (old, new, wanted) in [
        ("name = ", "name : ", "plugin.toml: line 1, column 6: "),
        (
            "world = \"router\"",
            "world = \"printer\"",
            "plugin.toml: line 4, column 9: unknown variant `printer`, expected one of `mapper`, `router`, `crm-adapter`, `desk-adapter`",
        ),
        ("world = \"router\"\n", "", "plugin.toml: line 1, column 1: missing field `world`"),
        (
            "contract = \"0.1.0\"",
            "contract = \"0.2.0\"",
            "plugin.toml: `contract`: it says 0.2.0, and this `patchbay` speaks 0.1.0: update `patchbay`, or say `contract = \"0.1.0\"` and build with the SDK of that version",
        ),
        (
            "contract = \"0.1.0\"",
            "contract = \"0.0.9\"",
            "plugin.toml: `contract`: it says 0.0.9, and this `patchbay` speaks 0.1.0: say `contract = \"0.1.0\"`, and build with the SDK of that version",
        ),
        (
            "description = ",
            "descripton = ",
            "plugin.toml: line 5, column 1: unknown field `descripton`, expected one of `name`, ",
        ),
    ] {
        fs::write(project.path("plugin.toml"), &manifest).unwrap();
        project.change("plugin.toml", old, new);
        let said = project.refusal();
        assert!(said.starts_with(&format!("patchbay: {wanted}")), "{said}");
    }
    fs::write(project.path("plugin.toml"), format!("{manifest}\n[wants]\nsecrets = [\"crm\"]\n")).unwrap();
    let wanted = "patchbay: plugin.toml: `wants`: a mapper or a router is pure: it can be granted nothing";
    assert_eq!(project.refusal(), wanted);
    fs::remove_file(project.path("plugin.toml")).unwrap();
    let wanted = "patchbay: ./Cargo.toml: beside it a plugin has a `plugin.toml`, with `name`, `version`, `contract` and \
        `world` in it, and there is none; `patchbay plugin new` shows what one looks like";
    assert_eq!(project.refusal(), wanted);
}

#[test]
fn what_the_compiler_makes_has_to_be_what_the_manifest_says() {
    let project = Project::new("router", "spoilt-crate");
    project.change("plugin.toml", "world = \"router\"", "world = \"crm-adapter\"");
    let wanted = "patchbay: src/lib.rs: what it makes does not export `adapter`, and `plugin.toml` says that it is an \
        adapter: say `patchbay_sdk::export_adapter!(YourType);`, once";
    assert_eq!(project.refusal(), wanted);
    project.change("plugin.toml", "world = \"crm-adapter\"", "world = \"router\"");
    project.change("src/lib.rs", "patchbay_sdk::export_router!", "// patchbay_sdk::export_router!");
    let wanted = "patchbay: src/lib.rs: what it makes does not export `plugin`, and `plugin.toml` says that it is a \
        router: say `patchbay_sdk::export_router!(YourType);`, once";
    assert_eq!(project.refusal(), wanted);
    project.change("Cargo.toml", "crate-type = [\"cdylib\", \"rlib\"]", "crate-type = [\"rlib\"]");
    let wanted = "patchbay: Cargo.toml: cargo made no WebAssembly module of it: say `crate-type = [\"cdylib\", \"rlib\"]` \
        under `[lib]`";
    assert_eq!(project.refusal(), wanted);
}

#[test]
fn what_cargo_says_is_shown_and_the_exit_code_is_1() {
    let project = Project::new("router", "spoilt-code");
    project.change("src/lib.rs", "let said = message.plain()?", "let said = message.spoken()?");
    let built = project.plugin(&["build"]);
    let said = String::from_utf8(built.stderr).unwrap();
    assert_eq!(built.status.code(), Some(1), "{said}");
    assert!(said.contains("error[E0599]") && said.contains("src/lib.rs:51"), "{said}");
    let wanted =
        format!("patchbay: {} does not compile; the compiler says above why", project.path("").display());
    assert_eq!(said.lines().last().unwrap(), wanted.replace("project/ ", "project "));

    project.change("src/lib.rs", "let said = message.spoken()?", "let said = message.plain()?");
    project.change("Cargo.toml", "serde_json = \"1\"", "serde_json = 1");
    let said = String::from_utf8(project.plugin(&["build"]).stderr).unwrap();
    assert!(said.contains("invalid type: integer `1`") && said.contains("Cargo.toml:14"), "{said}");
}

#[test]
fn a_case_that_is_none_fails_alone_and_says_where() {
    let project = Project::new("router", "spoilt-case");
    let good = fs::read_to_string(project.path("cases/hello.json")).unwrap();
    let spoil = |name: &str, old: &str, new: &str| {
        assert!(good.contains(old), "{old}");
        fs::write(project.path(&format!("cases/{name}.json")), good.replacen(old, new, 1)).unwrap();
    };
    spoil("a-json", "\"steps\": [", "\"steps\": ");
    spoil("b-key", "\"input\":", "\"inputs\":");
    spoil("c-version", "\"patchbay-case\": 1", "\"patchbay-case\": 2");
    spoil("d-function", "router.decide", "router.choose");
    spoil("e-input", "\"author\":", "\"writer\":");
    let tested = project.plugin(&["test"]);
    let said = String::from_utf8(tested.stdout).unwrap();
    assert_eq!(tested.status.code(), Some(1), "{said}");
    for wanted in [
        "cases/a-json.json: expected `,` or `}` at line 47 column 3",
        "cases/b-key.json: unknown field `inputs`, expected one of `function`, ",
        "cases/c-version.json: it is of version 2 of the format, and this release knows 1: update `patchbay`",
        "cases/d-function.json: unknown variant `router.choose`, expected one of `mapper.from-matrix`, ",
        "`input` is not what router.decide takes: missing field `author`",
        "ok    an urgent word makes a new ticket urgent  (cases/hello.json)",
        "6 cases: 1 as expected, 5 not",
    ] {
        assert!(said.contains(wanted), "{wanted}\nin\n{said}");
    }
}
