//! What cannot be handled is set aside with all that refers to it, and the lane goes on.

use patchbay_storage::{InboxState, ParkedFilter};
use serde_json::{Value, json};

use crate::house::{House, chain, message, tenant, text, to_desk};

fn reply(id: &str, target: &str, body: &str) -> Value {
    let relates = json!({ "m.in_reply_to": { "event_id": target } });
    message("!a", id, "@a:h", json!({ "msgtype": "m.text", "body": body, "m.relates_to": relates }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_event_with_a_foreign_adapter_is_parked_and_replayed_late() {
    let flawed = json!({ "default": [{ "adapter": "nope" }] });
    let mut house = House::new(&[("acme", tenant("link = ['!a']", &flawed))]).await;
    house.send(&[text("!a", "$1", "@a:h", "bad one")]).await;
    house.settled().await;
    house.chains.swap(chain("acme", &tenant("link = ['!a']", &to_desk()), 2));
    house.send(&[text("!a", "$2", "@a:h", "good one"), reply("$3", "$1", "answer to the bad one")]).await;
    house.settled().await;
    assert_eq!(house.words("acme").await, ["good one"]);
    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    let parked = house.store.parked(&filter).await.unwrap();
    assert_eq!(parked.len(), 2);
    assert!(parked[0].reason.contains("nope"), "{}", parked[0].reason);
    assert_eq!(parked[1].behind.as_ref().map(|id| id.as_str()), Some("$1"));

    for parked in parked {
        house.pipeline.replay(parked.id).await.unwrap();
        house.settled().await;
    }
    assert_eq!(house.words("acme").await, ["good one", "bad one", "answer to the bad one"]);
    assert!(house.store.parked(&filter).await.unwrap().is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_absurd_event_harms_no_neighbour() {
    let mut house = House::new(&[("acme", tenant("link = ['!a']", &to_desk()))]).await;
    let absurd = json!({ "event_id": "$1", "room_id": "!a", "type": 7, "sender": "@a:h", "content": [] });
    house.send(&[absurd, text("!a", "$2", "@a:h", "fine")]).await;
    house.settled().await;
    assert_eq!(house.words("acme").await, ["fine"]);
    assert_eq!(house.store.why("$1").await.unwrap().events[0].state, InboxState::Parked);
    // Replayed, it is looked at once more, and set aside again: it does not wait unseen.
    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    let first = house.store.parked(&filter).await.unwrap()[0].id;
    house.pipeline.replay(first).await.unwrap();
    house.settled().await;
    let again = house.store.parked(&filter).await.unwrap();
    assert!(again.len() == 1 && again[0].id > first, "{again:?}");
    house.stop().await;
}
