//! The command line: exit codes, and what works without a host.

use crate::host::{Directory, Host, patchbay};

const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn a_wrong_command_line_is_2_and_a_host_that_does_not_answer_3() {
    let dir = Directory::new(NOWHERE);
    assert_eq!(dir.run(&["plugins", "--no-such-flag"]).status.code(), Some(2));
    dir.write("token", "secret");
    let asked = patchbay()
        .args(["plugins", "--url", "http://127.0.0.1:1", "--token-file"])
        .arg(dir.path().join("token"))
        .output()
        .unwrap();
    assert_eq!(asked.status.code(), Some(3));
    let said = String::from_utf8(asked.stderr).unwrap();
    assert!(said.contains("http://127.0.0.1:1") && !said.contains("secret"), "{said}");
}

#[test]
fn registration_prints_what_the_homeserver_has_to_be_given() {
    let dir = Directory::new(NOWHERE);
    let printed = dir.run(&["registration"]);
    assert_eq!(printed.status.code(), Some(0));
    let yaml = String::from_utf8(printed.stdout).unwrap();
    for line in ["id: \"crm\"", "hs_token: \"HS_TOKEN\"", "sender_localpart: \"_crm_bot\""] {
        assert!(yaml.lines().any(|written| written == line), "{line} in\n{yaml}");
    }
    assert_eq!(dir.run(&["registration", "other"]).status.code(), Some(1));
}

#[test]
fn check_names_file_line_and_field_and_warns_without_failing() {
    let dir = Directory::new(NOWHERE);
    assert_eq!(dir.run(&["check", "--quick"]).status.code(), Some(0));
    dir.write("tenants/acme.toml", "[mapper]\ncomponent = 'missing'\n[router]\ncomponent = 'missing'\n");
    let found = dir.run(&["check", "--quick"]);
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8(found.stdout).unwrap();
    assert!(said.contains("tenants/acme.toml:2:1: `mapper.component`"), "{said}");

    let report = dir.run(&["check", "--quick", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["findings"][0]["line"], 2);

    std::fs::remove_file(dir.path().join("tenants/acme.toml")).unwrap();
    let text = std::fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write("patchbay.toml", &format!("{text}[database]\nsynchronous = 'normal'\n"));
    let warned = dir.run(&["check", "--quick"]);
    assert_eq!(warned.status.code(), Some(0));
    assert!(String::from_utf8(warned.stdout).unwrap().contains("warning: `database.synchronous`"));
}

#[tokio::test]
async fn every_question_has_an_answer_for_programs() {
    let dir = Directory::new(NOWHERE);
    let host = Host::start(&dir).await;
    for question in [&["plugins"][..], &["parked"], &["parked", "list"], &["tickets", "list"], &["rooms"]] {
        let answer = host.run(&dir, &[question, &["--json"]].concat());
        assert_eq!(answer.status.code(), Some(0), "{question:?}");
        serde_json::from_slice::<serde_json::Value>(&answer.stdout).unwrap();
    }
    assert_eq!(host.run(&dir, &["tickets", "show", "D-1"]).status.code(), Some(1));
    assert_eq!(host.run(&dir, &["why", "$nothing"]).status.code(), Some(1));
}
