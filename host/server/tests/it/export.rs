//! Time travel: an event leaves the host as a case, and is asked again elsewhere.

use std::{path::Path, process::Output};

use patchbay_workbench::{Case, Function};
use serde_json::Value;

use crate::{
    captures::{directory, play, settled},
    host::{Directory, Host, guests, patchbay},
};

/// A host that has had the captured events, and one of them.
async fn host_and_event() -> (Directory, Host, String) {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    play(&host).await;
    let lines = settled(&host).await;
    let line = lines.iter().find(|line| line["text"] == "hello crm v2").unwrap();
    let event = line["event_id"].as_str().unwrap().to_owned();
    (dir, host, event)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn replay(file: &Path, more: &[&str]) -> Output {
    patchbay().arg("replay").arg(file).args(more).output().unwrap()
}

#[tokio::test]
async fn an_exported_event_is_answered_the_same_by_its_own_components_and_otherwise_by_another() {
    let (dir, host, event) = host_and_event().await;
    let file = dir.path().join("event.json");
    let name = file.to_str().unwrap();
    let exported = host.run(&dir, &["export", &event, "--with-components", "--out", name]);
    assert_eq!(exported.status.code(), Some(0), "{}", text(&exported));

    let case = Case::read(&file).unwrap();
    let functions: Vec<Function> = case.steps.iter().map(|step| step.function).collect();
    for function in [Function::FromMatrix, Function::Decide, Function::Contact, Function::Open] {
        assert!(functions.contains(&function), "{function} in {functions:?}");
    }
    let router = case.steps.iter().find(|step| step.function == Function::Decide).unwrap();
    assert_eq!(router.settings(), r#"{"default":[{"adapter":"desk"}]}"#);
    assert_eq!(router.plugin.as_ref().unwrap().name, "router-rules");
    assert_eq!(case.components.len(), 3, "each component once");

    // The host is not asked any more.
    drop(host);
    let same = replay(&file, &[]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    let opened = case.steps.iter().find(|step| step.function == Function::Open).unwrap();
    assert!(opened.calls.iter().any(|call| call.function == "desk.write"), "{:?}", opened.calls);
    let other = guests().join("stamp-router.wasm");
    let differs = replay(&file, &["--component", other.to_str().unwrap(), "--slot", "router", "--json"]);
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs));
    let report: Value = serde_json::from_slice(&differs.stdout).unwrap();
    let steps = report["cases"][0]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["verdict"] == "different"), "{report:#}");
}

#[tokio::test]
async fn an_event_is_replayed_straight_from_the_host_and_is_a_test_of_its_plugin() {
    let (dir, host, event) = host_and_event().await;
    let same = host.run(&dir, &["replay", &event, "--slot", "router"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));

    let file = dir.path().join("cases/event.json");
    let name = file.to_str().unwrap();
    assert_eq!(host.run(&dir, &["export", &event, "--out", name]).status.code(), Some(0));
    assert_eq!(
        host.run(&dir, &["export", &event, "--out", name]).status.code(),
        Some(1),
        "it is there already"
    );
    let router = guests().join("router-rules.wasm");
    let test = |more: &[&str]| {
        patchbay()
            .args(["plugin", "test"])
            .arg(&router)
            .arg("--cases")
            .arg(&file)
            .args(more)
            .output()
            .unwrap()
    };
    let tested = test(&[]);
    assert_eq!(tested.status.code(), Some(0), "{}", text(&tested));

    let answered = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, answered.replacen(r#""adapter": "desk""#, r#""adapter": "crm""#, 1)).unwrap();
    let failed = test(&[]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed).contains("/answer/ok/routes/0/adapter"), "{}", text(&failed));
    assert_eq!(test(&["--update"]).status.code(), Some(0));
    assert_eq!(test(&[]).status.code(), Some(0));
}

#[tokio::test]
async fn a_masked_event_names_nobody_and_repeats_nothing_that_was_said() {
    let (dir, host, event) = host_and_event().await;
    let clear = text(&host.run(&dir, &["export", &event]));
    let masked = text(&host.run(&dir, &["export", &event, "--mask"]));
    let case = Case::parse(&masked).unwrap();
    assert!(case.masked);
    let mapper = Case::parse(&clear).unwrap();
    let sender = mapper.steps[0].input[0]["sender"]["id"].as_str().unwrap().to_owned();
    for secret in ["hello crm", sender.as_str()] {
        assert!(clear.contains(secret), "{secret} was there");
        assert!(!masked.contains(secret), "{secret} in {masked}");
    }
}

#[tokio::test]
async fn what_is_too_old_says_so_and_what_never_came_is_not_found() {
    let (dir, host, event) = host_and_event().await;
    let tenant = std::fs::read_to_string(dir.path().join("tenants/acme.toml")).unwrap();
    for generation in 2..=4 {
        dir.write("tenants/acme.toml", &format!("name = '{generation}'\n{tenant}"));
        host.until("the new generation serves", async || {
            let (_, status) = host.get("/admin/v1/plugins").await;
            status["tenants"][0]["generation"] == generation
        })
        .await;
    }
    let case = Case::parse(&text(&host.run(&dir, &["export", &event]))).unwrap();
    assert!(case.steps.iter().all(|step| step.settings.is_none()));
    let missing = case.steps[0].missing.as_deref().unwrap();
    assert!(missing.contains("generation 1 of `acme` is no longer kept; there are [4, 3, 2]"), "{missing}");

    let unknown = host.run(&dir, &["export", "$nothing"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown).contains("no tenant of `$nothing` is known"), "{}", text(&unknown));
    let (status, _) = host.get(&format!("/admin/v1/events/{event}/export?tenant=other")).await;
    assert_eq!(status.as_u16(), 404, "another tenant has no part in it");
}
