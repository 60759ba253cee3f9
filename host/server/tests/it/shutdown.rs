//! A host that is told to stop ends in order, and goes on where it stopped.

use serde_json::json;

use crate::host::{Directory, Host};

#[tokio::test]
async fn a_signal_ends_the_host_in_order_and_what_it_accepted_is_still_there() {
    let dir = Directory::new("http://127.0.0.1:1");
    let mut host = Host::start(&dir).await;
    let event = json!({ "event_id": "$one", "room_id": "!room", "type": "m.room.message", "sender": "@a:localhost",
        "origin_server_ts": 1, "content": { "msgtype": "m.text", "body": "hello" } });
    assert_eq!(host.put("1", &json!({ "events": [event] })).await, 200);
    host.signal("TERM");
    assert_eq!(host.ended().await.code(), Some(0));

    let host = Host::start(&dir).await;
    let (status, why) = host.get("/admin/v1/events/$one/why").await;
    assert_eq!(status, 200);
    assert_eq!(why["events"][0]["body"]["content"]["body"], "hello");
}

#[tokio::test]
async fn an_interrupt_ends_the_host_too() {
    let dir = Directory::new("http://127.0.0.1:1");
    let mut host = Host::start(&dir).await;
    host.signal("INT");
    assert_eq!(host.ended().await.code(), Some(0));
}
