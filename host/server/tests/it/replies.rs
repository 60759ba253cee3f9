//! An agent's reply reaches the room, once, in the voice of a ghost.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    captures::{directory, play, settled},
    homeserver::Homeserver,
    host::Host,
};

#[tokio::test]
async fn a_reply_reaches_the_room_once_however_often_it_is_sent() {
    let (homeserver, at) = Homeserver::start().await;
    let dir = directory(&at);
    let host = Host::start(&dir).await;
    play(&host).await;
    let lines = settled(&host).await;
    let room = lines.iter().find(|line| line["text"] == "hello crm v2").unwrap()["room"].clone();

    let reply = json!({ "text": "we are on it", "agent": { "id": "ann", "name": "Ann" } });
    let path = "/admin/v1/tickets/acme/D-1/reply";
    let (status, kept) = host.post(path, Some("k1"), &reply).await;
    assert_eq!((status, &kept["new"]), (StatusCode::OK, &true.into()), "{kept}");
    let (_, again) = host.post(path, Some("k1"), &reply).await;
    assert_eq!((&again["id"], &again["new"]), (&kept["id"], &false.into()));

    let (_, shown) = host.get("/admin/v1/tickets/acme/D-1").await;
    let written: Vec<_> =
        shown["lines"].as_array().unwrap().iter().filter(|l| l["text"] == "we are on it").collect();
    assert_eq!((written.len(), &written[0]["line"]), (1, &kept["id"]), "it is a line of the ticket at once");

    // A room hears what is said in order: were the first one said again, it would be before this.
    host.post(path, None, &json!({ "text": "it is done" })).await;
    let says = |said: &crate::homeserver::Said, text: &str| said.content["body"] == text;
    host.until("the second is said", async || homeserver.said().iter().any(|said| says(said, "it is done")))
        .await;
    let said: Vec<_> = homeserver.said().into_iter().filter(|said| says(said, "we are on it")).collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!((&said[0].room.clone().into(), said[0].event_type.as_str()), (&room, "m.room.message"));
    assert!(said[0].sender.starts_with("@_crm_acme_"), "a ghost of the tenant: {}", said[0].sender);
}

#[tokio::test]
async fn a_reply_that_says_nothing_or_goes_nowhere_is_refused() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    play(&host).await;
    settled(&host).await;
    for (path, body, wanted) in [
        ("/admin/v1/tickets/acme/D-1/reply", json!({ "text": " " }), 400),
        ("/admin/v1/tickets/acme/D-1/reply", json!({ "text": "x".repeat(40_000) }), 400),
        ("/admin/v1/tickets/acme/D-99/reply", json!({ "text": "hello" }), 404),
        ("/admin/v1/tickets/nobody/D-1/reply", json!({ "text": "hello" }), 404),
        ("/admin/v1/tickets/acme/D-1/status", json!({ "status": "lost" }), 400),
    ] {
        let (status, problem) = host.post(path, None, &body).await;
        assert_eq!(status.as_u16(), wanted, "{path}: {problem}");
    }
}

#[tokio::test]
async fn a_status_that_an_agent_sets_is_the_tickets_status() {
    let (_homeserver, at) = Homeserver::start().await;
    let dir = directory(&at);
    let host = Host::start(&dir).await;
    play(&host).await;
    settled(&host).await;
    assert_eq!(host.run(&dir, &["tickets", "status", "D-1", "solved"]).status.code(), Some(0));
    host.until("the ticket is solved", async || {
        let (_, shown) = host.get("/admin/v1/tickets/acme/D-1").await;
        shown["ticket"]["status"] == "solved"
    })
    .await;
}
