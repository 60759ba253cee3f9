//! What was set aside, as an operator meets it.

use serde_json::json;

use crate::{captures::directory, host::Host};

#[tokio::test]
async fn what_is_no_proper_event_is_parked_shown_and_discarded_and_its_neighbours_go_on() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    let event = |id: &str, sender: serde_json::Value| {
        json!({ "event_id": id, "room_id": "!r", "type": "m.room.message", "sender": sender,
            "origin_server_ts": 1, "content": { "msgtype": "m.text", "body": id } })
    };
    let body = json!({ "events": [event("$good", "@a:localhost".into()), event("$bad", 7.into())] });
    assert_eq!(host.put("1", &body).await, 200);
    assert_eq!(host.put("2", &json!([1, 2, 3])).await, 200, "what is no transaction is answered too");
    host.until("both are parked", async || {
        let (_, parked) = host.get("/admin/v1/parked").await;
        parked["parked"].as_array().is_some_and(|parked| parked.len() == 2)
    })
    .await;
    let (_, why) = host.get("/admin/v1/events/$good/why").await;
    assert_ne!(why["events"][0]["state"], "parked");

    let listed = String::from_utf8(host.run(&dir, &["parked"]).stdout).unwrap();
    assert!(listed.contains("transaction") && listed.contains("inbox"), "{listed}");
    let (_, parked) = host.get("/admin/v1/parked").await;
    for one in parked["parked"].as_array().unwrap() {
        let id = one["id"].to_string();
        assert_eq!(host.run(&dir, &["parked", "show", &id]).status.code(), Some(0));
        assert_eq!(host.run(&dir, &["parked", "discard", &id]).status.code(), Some(0));
        assert_eq!(host.run(&dir, &["parked", "discard", &id]).status.code(), Some(1), "only once");
    }
    let (_, parked) = host.get("/admin/v1/parked").await;
    assert_eq!(parked["parked"], json!([]));
    let (_, parked) = host.get("/admin/v1/parked?resolved=true").await;
    assert_eq!(parked["parked"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn rooms_show_whose_they_are_and_why() {
    let dir = directory("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    crate::captures::play(&host).await;
    crate::captures::settled(&host).await;
    let (_, rooms) = host.get("/admin/v1/rooms?tenant=acme").await;
    assert_eq!(
        (&rooms["rooms"][0]["decided_by"], &rooms["rooms"][0]["name"]),
        (&"user".into(), &"Sales".into())
    );
    let all = String::from_utf8(host.run(&dir, &["rooms"]).stdout).unwrap();
    assert!(all.contains("nobody") && all.contains("Sales"), "{all}");
}
