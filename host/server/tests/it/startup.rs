//! What cannot start says so in one sentence: what, where, what to do.

use std::net::TcpListener;

use crate::host::{Directory, Host, patchbay};

const NOWHERE: &str = "http://127.0.0.1:1";

/// Runs `serve`, which has to fail; answers what it said.
fn refused(dir: &Directory) -> String {
    let output = patchbay().arg("serve").arg("--config").arg(dir.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap().to_owned();
    assert!(last.starts_with("patchbay: ") && !said.contains("backtrace"), "{said}");
    last
}

#[test]
fn a_port_in_use_is_named_with_its_field() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let dir = Directory::new(NOWHERE);
    let text = std::fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write("patchbay.toml", &text.replace("admin = '127.0.0.1:0'", &format!("admin = '{at}'")));
    let said = refused(&dir);
    assert!(said.contains(&format!("{at} is in use")) && said.contains("`listen.admin`"), "{said}");
}

#[tokio::test]
async fn a_data_directory_serves_one_host() {
    let dir = Directory::new(NOWHERE);
    let _first = Host::start(&dir).await;
    let said = refused(&dir);
    assert!(said.contains("one data directory serves one host"), "{said}");
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_line() {
    let dir = Directory::new(NOWHERE);
    dir.write("patchbay.toml", "data = 'data'\nlisten = 7\n");
    let said = refused(&dir);
    assert!(said.contains("patchbay.toml: line 2, column 10"), "{said}");
}

#[test]
fn a_secret_that_is_not_there_is_named_and_never_shown() {
    let dir = Directory::new(NOWHERE);
    let text = std::fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write(
        "patchbay.toml",
        &text.replace("as-token = 'AS_TOKEN'", "as-token = { file = 'no-such-file' }"),
    );
    let said = refused(&dir);
    assert!(said.contains("registration `crm`, `as-token`") && said.contains("no-such-file"), "{said}");
    assert!(!said.contains("HS_TOKEN"), "{said}");
}

#[tokio::test]
async fn a_tenant_that_is_no_good_does_not_stop_the_start() {
    let dir = Directory::new(NOWHERE);
    dir.write("tenants/acme.toml", "[mapper]\ncomponent = 'missing'\n[router]\ncomponent = 'missing'\n");
    let host = Host::start(&dir).await;
    host.until("the tenant is refused", async || {
        let (_, status) = host.get("/admin/v1/plugins").await;
        status["tenants"][0]["state"] == "missing" && status["tenants"][0]["generation"].is_null()
    })
    .await;
}
