//! What is remembered of transaction IDs, and for how long.

use patchbay_test_support::homeserver::{Cut, Fault, Homeserver, On, Options};
use serde_json::{Value, json};

use crate::replay::{Bound, ask};

async fn send(homeserver: &Homeserver, room: &str, query: &str) -> (u16, Value) {
    let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/t1{query}");
    let request = json!({ "method": "PUT", "path": path, "body": { "msgtype": "m.text", "body": "once" } });
    ask(&homeserver.url(), Some("as"), &request, &Bound::default()).await
}

/// A ghost with a device in a room with the bot.
async fn scene() -> (Homeserver, String) {
    let homeserver = Homeserver::start(Options::default()).await;
    for (method, path, body) in [
        (
            "POST",
            "register",
            json!({ "type": "m.login.application_service", "username": "patchbay_g", "inhibit_login": true }),
        ),
        ("PUT", "devices/D?user_id=%40patchbay_g%3Alocalhost", json!({})),
    ] {
        let request = json!({ "method": method, "path": format!("/_matrix/client/v3/{path}"), "body": body });
        ask(&homeserver.url(), Some("as"), &request, &Bound::default()).await;
    }
    let alice = homeserver.person("alice", "Alice");
    let room = alice.create_room("A room", &[homeserver.bot(), "@patchbay_g:localhost"]);
    homeserver.ours(homeserver.bot()).join(&room);
    homeserver.ours("@patchbay_g:localhost").join(&room);
    (homeserver, room)
}

fn sent(homeserver: &Homeserver, room: &str) -> usize {
    homeserver.history(room).iter().filter(|event| event["content"]["body"] == "once").count()
}

#[tokio::test]
async fn without_a_device_a_transaction_id_is_remembered_by_path_alone_and_until_a_restart() {
    let (homeserver, room) = scene().await;
    let first = send(&homeserver, &room, "").await.1;
    assert_eq!(
        send(&homeserver, &room, "?user_id=%40patchbay_g%3Alocalhost").await.1,
        first,
        "another sender"
    );
    homeserver.restart(true).await;
    assert_ne!(send(&homeserver, &room, "").await.1, first);
    assert_eq!(sent(&homeserver, &room), 2);
}

#[tokio::test]
async fn with_a_device_it_outlives_the_restart() {
    let (homeserver, room) = scene().await;
    let query = "?user_id=%40patchbay_g%3Alocalhost&device_id=D";
    let first = send(&homeserver, &room, query).await.1;
    homeserver.restart(false).await;
    assert_eq!(send(&homeserver, &room, query).await.1, first);
    assert_eq!(sent(&homeserver, &room), 1);
}

#[tokio::test]
async fn what_is_asked_to_go_wrong_goes_wrong_once_before_or_after_it_was_done() {
    let (homeserver, room) = scene().await;
    homeserver.fault(On::path("/send/"), Fault::RateLimited(821));
    let (status, body) = send(&homeserver, &room, "").await;
    assert_eq!(
        (status, &body["errcode"], &body["retry_after_ms"]),
        (429, &json!("M_LIMIT_EXCEEDED"), &json!(821))
    );
    assert_eq!(sent(&homeserver, &room), 0, "it was not done");
    for fault in [Fault::DoneThenDropped, Fault::Dropped] {
        homeserver.fault(On::path("/send/").method("PUT"), fault);
        let url = format!("{}/_matrix/client/v3/rooms/{room}/send/m.room.message/t1", homeserver.url());
        assert!(put(&url).await.is_err());
        assert_eq!(sent(&homeserver, &room), 1, "done once, with the first of the two");
    }
    homeserver.cut(Cut::Reset(20));
    assert!(put(&format!("{}/_matrix/client/versions", homeserver.url())).await.is_err());
    homeserver.down().await;
    assert!(put(&homeserver.url()).await.unwrap_err().is_connect());
    homeserver.up().await;
    assert_eq!(send(&homeserver, &room, "").await.0, 200);
}

async fn put(url: &str) -> Result<String, reqwest::Error> {
    let body = json!({ "msgtype": "m.text", "body": "once" });
    #[expect(clippy::disallowed_methods, reason = "a test's own")]
    let answer = reqwest::Client::new().put(url).bearer_auth("as").json(&body).send().await?;
    answer.text().await
}

#[tokio::test]
#[should_panic(expected = "no capture backs")]
async fn what_no_capture_backs_is_501_and_fails_the_test() {
    let homeserver = Homeserver::start(Options::default()).await;
    let request = json!({ "method": "GET", "path": "/_matrix/client/v3/pushrules/" });
    let (status, _) = ask(&homeserver.url(), Some("as"), &request, &Bound::default()).await;
    assert_eq!(status, 501);
}
