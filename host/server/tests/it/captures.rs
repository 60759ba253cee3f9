//! What a real homeserver sent, played to a real host with the first-party components.

use reqwest::StatusCode;
use serde_json::Value;

use crate::host::{Directory, Host};

const CAPTURES: &str = include_str!("../../../../fixtures/matrix/transactions.json");

const TENANT: &str = "[rooms]\nusers = ['@.*:localhost']\n[mapper]\ncomponent = 'mapper-matrix'\n[router]\n\
    component = 'router-rules'\nsettings = { default = [{ adapter = 'desk' }] }\n[adapters.desk]\ncomponent = 'adapter-desk'\n\
    grants = { desk = true }\n";

/// A directory with the first-party components and one tenant, whose desk takes everything.
pub(crate) fn directory(homeserver: &str) -> Directory {
    let dir = Directory::new(homeserver);
    for component in ["mapper-matrix", "router-rules", "adapter-desk"] {
        dir.component(component);
    }
    dir.write("tenants/acme.toml", TENANT);
    dir
}

/// Sends every captured transaction, under its own ID.
pub(crate) async fn play(host: &Host) {
    let captures: Vec<Value> = serde_json::from_str(CAPTURES).unwrap();
    for capture in captures {
        let request = &capture["request"];
        let path = request["path"].as_str().unwrap_or_default();
        if let Some(txn) = path.strip_prefix("/_matrix/app/v1/transactions/")
            && request["body"]["events"].is_array()
        {
            let txn = txn.split('?').next().unwrap();
            assert_eq!(host.put(txn, &request["body"]).await, StatusCode::OK, "{}", capture["name"]);
        }
    }
}

/// Waits until nothing that came in is left to do; answers the desk as one log.
pub(crate) async fn settled(host: &Host) -> Vec<Value> {
    host.until("everything is done", async || {
        let (_, status) = host.get("/admin/v1/status").await;
        let open = |kind: &str| {
            status[kind].as_array().is_some_and(|all| all.iter().any(|one| one[1]["count"] != 0))
        };
        status["events"]["count"] == 0 && !open("deliveries")
    })
    .await;
    lines(host).await
}

/// The desk as one log.
pub(crate) async fn lines(host: &Host) -> Vec<Value> {
    let text = host.authorised("/admin/v1/desk/lines?tenant=acme").await;
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn captured_transactions_become_tickets_once_however_often_they_come() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    play(&host).await;
    let first = settled(&host).await;
    assert!(first.iter().any(|line| line["text"] == "hello crm v2"), "edited: {first:#?}");
    let (_, tickets) = host.get("/admin/v1/tickets").await;
    assert_eq!(tickets["tickets"][0]["ticket"], "D-1");
    assert_eq!(tickets["tickets"][0]["lines"], first.len());

    play(&host).await;
    assert_eq!(settled(&host).await, first, "the second time changes nothing");
}

#[tokio::test]
async fn an_event_can_be_asked_why_it_went_where_it_went() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    play(&host).await;
    let lines = settled(&host).await;
    let line = lines.iter().find(|line| line["text"] == "hello crm v2").unwrap();
    let event = line["event_id"].as_str().unwrap();

    let (_, why) = host.get(&format!("/admin/v1/events/{event}/why")).await;
    assert_eq!(why["events"][0]["body"]["content"]["body"], "hello crm", "the exact event");
    let steps: Vec<&Value> = why["traces"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|trace| trace["steps"].as_array().unwrap())
        .collect();
    for (step, slot) in [
        ("mapper.from-matrix", "mapper"),
        ("router.decide", "router"),
        ("adapter.contact", "adapters.desk"),
        ("adapter.open", "adapters.desk"),
    ] {
        let taken =
            steps.iter().find(|taken| taken["name"] == step).unwrap_or_else(|| panic!("{step} in {why:#}"));
        assert_eq!(
            (&taken["slot"], &taken["outcome"], &taken["generation"]),
            (&slot.into(), &"ok".into(), &1.into())
        );
        assert_eq!(taken["component"].as_str().unwrap().len(), 64, "the digest of {step}");
        assert!(
            taken["input"].is_array() && taken["answer"].is_object(),
            "what {step} was asked and answered"
        );
    }
    assert_eq!(why["deliveries"][0]["state"], "done");

    let told = host.run(&dir, &["why", event]);
    let told = String::from_utf8(told.stdout).unwrap();
    for words in ["tenant acme: done", "router.decide  ok  router", "to desk: conversation", "done as L-"] {
        assert!(told.contains(words), "{words:?} in\n{told}");
    }
}
