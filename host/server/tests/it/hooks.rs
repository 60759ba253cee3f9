//! Webhooks as a CRM sends them and an operator sees them, through the whole host.

use std::fs;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::{
    captures::directory,
    doorkeeper,
    host::{Directory, Host, PATIENCE},
};

/// The first-party chain, and an adapter `crm` that takes webhooks.
fn with_crm() -> Directory {
    let dir = directory("http://127.0.0.1:1");
    let file = dir.path().join("patchbay.toml");
    let text = fs::read_to_string(&file).unwrap().replace("[listen]\n", "[listen]\nhooks = '127.0.0.1:0'\n");
    fs::write(file, text).unwrap();
    crm(&dir, &doorkeeper::good());
    tenant(&dir, 0);
    dir
}

fn crm(dir: &Directory, component: &[u8]) {
    let file = dir.path().join("components/crm.wasm");
    fs::write(file.with_extension("part"), component).unwrap();
    fs::rename(file.with_extension("part"), file).unwrap();
}

fn tenant(dir: &Directory, rotation: u32) {
    let file = dir.path().join("tenants/acme.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.split("[adapters.crm]").next().unwrap();
    let crm = format!(
        "[adapters.crm]\ncomponent = 'crm'\ngrants = {{ store = true }}\nhook-rotation = {rotation}\n"
    );
    fs::write(file, format!("{text}{crm}")).unwrap();
}

async fn doors(host: &Host) -> Vec<Value> {
    let (status, doors) = host.get("/admin/v1/hooks").await;
    assert_eq!(status, StatusCode::OK, "{doors}");
    doors["hooks"].as_array().unwrap().clone()
}

async fn url(host: &Host) -> String {
    doors(host).await[0]["url"].as_str().unwrap().to_owned()
}

fn post(url: &str, id: &str, body: &str) -> RequestBuilder {
    let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    http.post(url).header("webhook-id", id).body(body.to_owned())
}

async fn status(url: &str, id: &str, body: &str) -> u16 {
    post(url, id, body).send().await.unwrap().status().as_u16()
}

async fn read(host: &Host, id: &str) {
    let path = format!("/admin/v1/events/{id}/why");
    host.until("the webhook is read", async || host.get(&path).await.1["hooks"][0]["state"] == "done").await;
}

#[tokio::test]
async fn a_webhook_is_answered_by_its_adapter_kept_once_and_read() {
    let dir = with_crm();
    let host = Host::start(&dir).await;
    let url = url(&host).await;
    assert!(url.starts_with(&format!("{}/hooks/acme/crm/", host.hooks())), "{url}");
    let answer = post(&url, "w1", "keep").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.text().await.unwrap(), "challenge");
    assert_eq!(status(&url, "w1", "keep").await, 200, "it is known");
    assert_eq!(status(&url, "w2", "forged").await, 401);
    read(&host, "w1").await;

    let door = &doors(&host).await[0];
    assert_eq!(
        (&door["received"], &door["kept"], &door["known"], &door["refused"]),
        (&3.into(), &1.into(), &1.into(), &1.into())
    );
    let metrics = host.text("/metrics").await;
    assert!(
        metrics.contains(r#"patchbay_hooks_total{tenant="acme",adapter="crm",outcome="kept"} 1"#),
        "{metrics}"
    );
    assert!(metrics.contains("patchbay_hook_seconds_bucket"), "{metrics}");
    let told = String::from_utf8(host.run(&dir, &["why", "w1"]).stdout).unwrap();
    for words in ["came as a webhook to acme/crm: done", "webhooks.accept  ok", "webhooks.receive  ok"] {
        assert!(told.contains(words), "{words:?} in\n{told}");
    }
    let token = url.rsplit('/').next().unwrap();
    let why = host.authorised("/admin/v1/events/w1/why").await;
    assert!(why.contains("/hooks/acme/crm/***") && !why.contains(token), "{why}");
    assert!(!host.logged().contains(token), "{}", host.logged());
}

#[tokio::test]
async fn what_an_adapter_cannot_answer_is_kept_and_read_by_the_one_that_is_swapped_in_even_over_a_crash() {
    let dir = with_crm();
    crm(&dir, &doorkeeper::broken());
    let mut host = Host::start(&dir).await;
    let door = url(&host).await;
    assert_eq!(status(&door, "w1", "keep").await, 200);
    assert_eq!(status(&door, "w2", "forged").await, 200);
    host.signal("KILL");
    host.ended().await;
    crm(&dir, &doorkeeper::good());
    let host = Host::start(&dir).await;
    read(&host, "w1").await;
    let (_, why) = host.get("/admin/v1/events/w2/why").await;
    assert_eq!(why["code"], "not-found", "a forgery takes no name");
    let door = url(&host).await;
    assert_eq!(status(&door, "w1", "keep").await, 200, "it is known by the name that its sender gave");
    assert_eq!(doors(&host).await[0]["known"], 1);
}

#[tokio::test]
async fn an_accept_that_loops_makes_nobody_wait_and_others_are_answered_meanwhile() {
    let dir = with_crm();
    let host = Host::start(&dir).await;
    let url = url(&host).await;
    let slow = (0..3).map(|n| post(&url, &format!("loop{n}"), "loop").send());
    let quick = (0..20).map(|n| post(&url, &format!("keep{n}"), "keep").send());
    let (slow, quick) = tokio::join!(all(slow), all(quick));
    assert!(slow.iter().all(|status| *status == 200), "{slow:?}");
    assert!(quick.iter().all(|status| *status == 202 || *status == 200), "{quick:?}");
    read(&host, "keep19").await;
}

async fn all(
    requests: impl Iterator<Item = impl Future<Output = reqwest::Result<reqwest::Response>>>,
) -> Vec<u16> {
    let mut tasks = Vec::new();
    for request in requests {
        tasks.push(request);
    }
    let mut statuses = Vec::new();
    for answer in futures::future::join_all(tasks).await {
        statuses.push(answer.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_rotated_url_replaces_the_old_one_and_the_key_outlives_a_restart() {
    let dir = with_crm();
    let mut host = Host::start(&dir).await;
    let old = url(&host).await;
    tenant(&dir, 1);
    host.until("the URL is another", async || url(&host).await != old).await;
    let new = url(&host).await;
    assert_eq!((status(&old, "w1", "keep").await, status(&new, "w1", "keep").await), (404, 202));
    host.signal("TERM");
    assert!(host.ended().await.success());
    let host = Host::start(&dir).await;
    let path = |url: &str| url.split_once("/hooks/").unwrap().1.to_owned();
    assert_eq!(path(&url(&host).await), path(&new));
}

#[tokio::test]
async fn the_desk_has_no_door_and_nothing_listens_unless_it_is_said() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    let (_, answer) = host.get("/admin/v1/hooks").await;
    assert_eq!(answer, serde_json::json!({ "listens": null, "hooks": [] }));
    let told = String::from_utf8(host.run(&dir, &["hooks"]).stdout).unwrap();
    assert!(told.contains("no adapter takes webhooks") && told.contains("`listen.hooks`"), "{told}");
    assert_eq!(host.status("/admin/v1/hooks").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_operator_is_told_every_url_and_one_tenants_alone() {
    let dir = with_crm();
    let host = Host::start(&dir).await;
    let url = url(&host).await;
    let told = String::from_utf8(host.run(&dir, &["hooks"]).stdout).unwrap();
    assert!(told.contains(&url) && told.contains("RECEIVED"), "{told}");
    let json = host.run(&dir, &["hooks", "--json", "--tenant", "acme"]).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["hooks"][0]["url"], *url);
    let (_, none) = host.get("/admin/v1/hooks?tenant=nobody").await;
    assert_eq!(none["hooks"], Value::Array(Vec::new()));
}
