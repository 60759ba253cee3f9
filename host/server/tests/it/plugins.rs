//! Generations as an operator sees and steers them.

use serde_json::json;

use crate::{
    captures::directory,
    host::{Directory, Host},
};

async fn until_generation(host: &Host, generation: u64) {
    host.until("the new generation serves", async || {
        let (_, status) = host.get("/admin/v1/plugins").await;
        status["tenants"][0]["generation"] == generation && status["tenants"][0]["state"] == "active"
    })
    .await;
}

fn rename(dir: &Directory, name: &str) {
    let file = dir.path().join("tenants/acme.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let rest = text.strip_prefix("name = ").map_or(text.as_str(), |rest| rest.split_once('\n').unwrap().1);
    dir.write("tenants/acme.toml", &format!("name = '{name}'\n{rest}"));
}

#[tokio::test]
async fn a_generation_can_be_rolled_back_and_stays_so_over_a_restart() {
    let dir = directory("http://127.0.0.1:1");
    let mut host = Host::start(&dir).await;
    until_generation(&host, 1).await;
    rename(&dir, "second");
    until_generation(&host, 2).await;

    let (status, tenant) = host.post("/admin/v1/plugins/acme/rollback", None, &json!({})).await;
    assert_eq!((status.as_u16(), &tenant["generation"], &tenant["pinned"]), (200, &1.into(), &true.into()));
    let (status, problem) = host.post("/admin/v1/plugins/acme/rollback", None, &json!({ "to": 17 })).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &"no-generation".into()));
    let (status, _) = host.post("/admin/v1/plugins/nobody/rollback", None, &json!({})).await;
    assert_eq!(status.as_u16(), 404);

    host.signal("TERM");
    assert!(host.ended().await.success());
    let host = Host::start(&dir).await;
    until_generation(&host, 1).await;
    let shown = host.run(&dir, &["plugins"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("acme: active, generation 1") && shown.contains("rolled back (kept: 2, 1)"),
        "{shown}"
    );

    rename(&dir, "third");
    until_generation(&host, 3).await;
}

#[tokio::test]
async fn a_bad_file_leaves_the_old_generation_serving_and_shows_why() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    until_generation(&host, 1).await;
    dir.write("components/router-rules.wasm", "no component at all");
    host.until("the bad file is seen", async || {
        let (_, status) = host.get("/admin/v1/plugins").await;
        status["tenants"][0]["state"] == "rejected"
    })
    .await;
    let (_, status) = host.get("/admin/v1/plugins").await;
    assert_eq!(status["tenants"][0]["generation"], 1);
    let shown = String::from_utf8(host.run(&dir, &["plugins"]).stdout).unwrap();
    assert!(shown.contains("new files rejected") && shown.contains("last error"), "{shown}");
}
