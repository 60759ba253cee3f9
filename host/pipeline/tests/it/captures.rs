//! What a real Synapse sent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::house::{House, root, tenant, to_desk};

fn transactions() -> Vec<Vec<Value>> {
    let text = std::fs::read_to_string(root().join("fixtures/matrix/transactions.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    all.iter()
        .filter_map(|capture| capture.pointer("/request/body/events")?.as_array().cloned())
        .filter(|events| !events.is_empty())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn captured_events_become_lines_once_however_often_they_are_sent() {
    let rooms: BTreeSet<String> = transactions()
        .iter()
        .flatten()
        .filter_map(|event| Some(event["room_id"].as_str()?.to_owned()))
        .collect();
    let link = format!("link = {}", serde_json::to_string(&rooms).unwrap());
    let tenants = [("acme", tenant(&link, &to_desk()))];
    let mut house = House::new(&tenants).await;
    for events in transactions() {
        house.send(&events).await;
    }
    house.settled().await;
    let words = house.words("acme").await;
    assert!(!words.is_empty());
    let why = house.store.counts().await.unwrap();
    for events in transactions().iter().rev() {
        house.send(events).await;
    }
    house.settled().await;
    assert_eq!(house.words("acme").await, words);
    assert_eq!(house.store.counts().await.unwrap(), why);
    house.stop().await;
}
