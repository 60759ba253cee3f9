//! What a developer of plugins does without a host.

use std::process::Output;

use serde_json::Value;

use crate::host::{Directory, guests, patchbay};

fn plugin(args: &[&str]) -> Output {
    patchbay().arg("plugin").args(args).output().unwrap()
}

fn guest(name: &str) -> String {
    guests().join(name).with_extension("wasm").to_str().unwrap().to_owned()
}

#[test]
fn check_says_what_a_tenants_file_has_to_grant_and_ends_with_1() {
    let dir = Directory::new("http://127.0.0.1:1");
    let tenant = "[mapper]\ncomponent = 'mapper-matrix'\n[router]\ncomponent = 'router-rules'\n\
                  [adapters.desk]\ncomponent = 'adapter-desk'\n";
    dir.write("tenants/acme.toml", tenant);
    let config = dir.path().to_str().unwrap();
    let desk = guest("adapter-desk");
    let checked = || plugin(&["check", &desk, "--config", config, "--tenant", "acme"]);
    let denied = checked();
    let said = String::from_utf8_lossy(&denied.stdout).into_owned();
    assert_eq!(denied.status.code(), Some(1), "{said}");
    assert!(said.contains("say `desk = true` under `adapters.desk.grants`"), "{said}");

    dir.write("tenants/acme.toml", &format!("{tenant}grants = {{ desk = true }}\n"));
    assert_eq!(checked().status.code(), Some(0));
    assert_eq!(plugin(&["check", &desk, "--config", config]).status.code(), Some(2), "whose grants?");
}

#[test]
fn inspect_answers_programs_and_people() {
    let router = guest("router-rules");
    let shown = plugin(&["inspect", &router, "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (&shown["manifest"]["name"], &shown["manifest"]["world"]),
        (&"router-rules".into(), &"router".into())
    );
    assert!(shown["settings"]["schema"]["properties"].is_object(), "{shown:#}");
    let shown = String::from_utf8(plugin(&["inspect", &router]).stdout).unwrap();
    assert!(
        shown.contains("world     router") && shown.contains("exports   patchbay:plugin/routing"),
        "{shown}"
    );
}

#[test]
fn new_makes_a_project_and_never_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let new = |kind: &str| {
        patchbay()
            .current_dir(dir.path())
            .args(["plugin", "new", kind, "mine"])
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(new("router"), Some(0));
    assert!(dir.path().join("mine/cases/hello.json").is_file());
    assert_eq!(new("mapper"), Some(1));
    assert_eq!(new("printer"), Some(2));
    let outside = patchbay().current_dir(dir.path()).args(["plugin", "build"]).output().unwrap();
    assert_eq!(outside.status.code(), Some(1));
    let said = String::from_utf8(outside.stderr).unwrap();
    assert!(said.contains("patchbay plugin new"), "{said}");
}
