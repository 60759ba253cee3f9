//! Every request that a real homeserver sent to an application service, sent again.

use std::collections::BTreeSet;

use patchbay_matrix::Ephemeral;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::host::{Host, answer};

fn captures() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../../fixtures/matrix/transactions.json")).unwrap()
}

fn transactions() -> Vec<Value> {
    let is_transaction = |capture: &Value| capture["request"]["body"]["events"].is_array();
    captures().into_iter().filter(is_transaction).collect()
}

fn path(capture: &Value) -> &str {
    capture["request"]["path"].as_str().unwrap()
}

async fn replay(host: &Host, capture: &Value) -> (StatusCode, Value) {
    host.send("PUT", path(capture), serde_json::to_vec(&capture["request"]["body"]).unwrap()).await
}

#[tokio::test]
async fn each_captured_event_is_stored_once_however_often_and_under_whatever_transaction_it_comes() {
    let host = Host::start().await;
    let mut expected = BTreeSet::new();
    for capture in transactions() {
        assert_eq!(replay(&host, &capture).await, (StatusCode::OK, json!({})), "{}", capture["name"]);
        let events = capture["request"]["body"]["events"].as_array().unwrap().clone();
        expected.extend(events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()));
    }
    let first = host.pending().await;
    assert_eq!(first.iter().map(|event| event.key.clone()).collect::<BTreeSet<_>>(), expected);
    assert_eq!(first.len(), expected.len());
    assert_eq!(host.parked().await, []);

    // Again, last one first, under the transaction ID of another.
    let mut again = transactions();
    let paths: Vec<Value> = again.iter().map(|capture| capture["request"]["path"].clone()).collect();
    again.reverse();
    for (capture, path) in again.iter_mut().zip(paths) {
        capture["request"]["path"] = path;
        assert_eq!(replay(&host, capture).await.0, StatusCode::OK);
    }
    assert_eq!(host.pending().await, first);

    let count = transactions().len() as u64;
    assert_eq!(host.metric("patchbay_transactions_total", ",outcome=\"kept\""), 2 * count);
    assert_eq!(host.metric("patchbay_transaction_seconds_count", ""), 2 * count);
    assert_eq!(host.metric("patchbay_events_total", ""), first.len() as u64);
    assert!(host.metric("patchbay_duplicates_total", "") >= first.len() as u64);
}

#[tokio::test]
async fn an_event_is_stored_byte_for_byte_in_the_order_in_which_it_came() {
    let host = Host::start().await;
    let body = br#"{"events":[
        { "type": "m.room.message", "event_id":"$b", "room_id":"!r", "sender":"@a:b","origin_server_ts":1, "content":{"body":"\u00e9 \/ x"} },
        {"event_id":"$a","room_id":"!s","sender":"@a:b","type":"x","origin_server_ts":1,"content":{}}]}"#;
    host.transaction("1", &body[..]).await;
    let stored = host.pending().await;
    assert_eq!(stored.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["$b", "$a"]);
    assert!(stored[0].body.starts_with(r#"{ "type": "m.room.message""#), "{}", stored[0].body);
    assert!(stored[0].body.contains(r#""\u00e9 \/ x""#));
    assert_eq!(
        (stored[0].registration.as_str(), stored[1].room_id.as_ref().unwrap().as_str()),
        ("crm", "!s")
    );
}

#[tokio::test]
async fn two_registrations_keep_their_own_events_apart() {
    let host = Host::start().await;
    let body = json!({ "events": [super::host::event(1)] }).to_string();
    host.transaction("1", body.clone()).await;
    let other = host.request("PUT", "/_matrix/app/v1/transactions/1").bearer_auth("OTHER_TOKEN").body(body);
    assert_eq!(answer(other).await.0, StatusCode::OK);
    let registrations: Vec<_> =
        host.pending().await.into_iter().map(|event| event.registration.to_string()).collect();
    assert_eq!(registrations, ["crm", "other"]);
}

#[tokio::test]
async fn captured_questions_pings_and_lookups_are_answered_in_matrix_terms() {
    let host = Host::start().await;
    for capture in captures().iter().filter(|capture| !capture["request"]["body"]["events"].is_array()) {
        let method = capture["request"]["method"].as_str().unwrap();
        let body = serde_json::to_vec(&capture["request"]["body"]).unwrap();
        let (status, answer) = host.send(method, path(capture), body).await;
        let expected = if path(capture).ends_with("/ping") {
            (StatusCode::OK, Value::Null)
        } else if path(capture).contains("/v1/users/") || path(capture).contains("/v1/rooms/") {
            (StatusCode::NOT_FOUND, json!("M_NOT_FOUND"))
        } else {
            (StatusCode::NOT_FOUND, json!("M_UNRECOGNIZED"))
        };
        assert_eq!((status, answer["errcode"].clone()), expected, "{} {}", method, path(capture));
    }
    assert_eq!(host.pending().await.len(), 0);
}

#[tokio::test]
async fn a_ghost_exists_where_its_tenant_does() {
    let host = Host::start().await;
    let status =
        async |user: &str| host.send("GET", &format!("/_matrix/app/v1/users/{user}"), vec![]).await.0;
    assert_eq!(status("%40_crm_sales_odoo%3D3a42%3Alocalhost").await, StatusCode::OK);
    assert_eq!(status("@_crm_sales_odoo=3a42:localhost").await, StatusCode::OK);
    assert_eq!(status("%40_crm_bot%3Alocalhost").await, StatusCode::OK);
    for nobody in
        ["%40_crm_nosuch_x%3Alocalhost", "%40_crm_sales_x%3Aevil.org", "%40sales%3Alocalhost", "x", "%00"]
    {
        assert_eq!(status(nobody).await, StatusCode::NOT_FOUND, "{nobody}");
    }
    assert_eq!(status("%ff").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn typing_is_handed_on_and_dropped_when_nobody_takes_it() {
    let mut host = Host::start().await;
    let typing = json!({ "type": "m.typing", "room_id": "!r", "content": { "user_ids": ["@a:b"] } });
    let body = json!({ "events": [], "ephemeral": vec![typing; 20] }).to_string();
    assert_eq!(host.transaction("1", body).await, (StatusCode::OK, json!({})));
    let (registration, ephemeral) = host.ephemeral.recv().await.unwrap();
    assert_eq!(registration.as_str(), "crm");
    assert!(matches!(ephemeral, Ephemeral::Typing { .. }));
    assert_eq!(host.ephemeral.len(), 7);
    assert_eq!(host.metric("patchbay_ephemeral_dropped_total", ""), 12);
    assert_eq!(host.pending().await.len(), 0);
}
