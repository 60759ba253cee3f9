//! What comes in.

use std::io::Write as _;

use axum::http::StatusCode;
use receiver::Books;
use serde_json::{Value, json};

use crate::scene::{answered, ask, open, receiver, said, send, signed};

async fn effects(router: &axum::Router) -> Value {
    ask(router, "GET", "/tickets", &json!({})).await.1["effects"].clone()
}

#[tokio::test]
async fn a_ticket_and_its_messages_are_kept_in_order() {
    let router = receiver(Books::default());
    let ticket = send(&router, &open("a")).await.1["id"].as_str().unwrap().to_owned();
    for key in ["b", "c"] {
        assert_eq!(send(&router, &said(key, &ticket, key)).await.0, StatusCode::OK);
    }
    let (_, kept) = ask(&router, "GET", &format!("/tickets/{ticket}"), &json!({})).await;
    let texts: Vec<_> =
        kept["effects"].as_array().unwrap().iter().map(|one| one["data"]["text"].clone()).collect();
    assert_eq!(texts, ["b", "c"]);
    assert_eq!(send(&router, &said("d", "T99", "x")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_signed_rightly_is_not_done() {
    let router = receiver(Books::default());
    let (status, answer) = answered(&router, signed(&open("a"), b"something else")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    assert_eq!(effects(&router).await, 0);
}

#[tokio::test]
async fn a_key_that_is_known_is_answered_as_before_unless_keys_are_ignored() {
    let router = receiver(Books::default());
    let first = send(&router, &open("a")).await;
    assert_eq!(send(&router, &open("a")).await, first);
    assert_eq!(effects(&router).await, 1);
    ask(&router, "PUT", "/behaviour", &json!({ "honour_keys": false })).await;
    assert_ne!(send(&router, &open("a")).await, first);
    assert_eq!(effects(&router).await, 2);
}

#[tokio::test]
async fn an_effect_may_be_done_although_its_answer_is_lost() {
    let router = receiver(Books::default());
    ask(&router, "PUT", "/behaviour", &json!({ "fail": { "status": 0, "done": true } })).await;
    assert_eq!(send(&router, &open("a")).await.1, Value::Null);
    assert_eq!(effects(&router).await, 1);
    ask(&router, "PUT", "/behaviour", &json!({ "fail": { "status": 503, "times": 2, "retry_after": 1 } }))
        .await;
    for wanted in [503, 503, 200] {
        assert_eq!(send(&router, &open("b")).await.0, wanted);
    }
    assert_eq!(effects(&router).await, 2);
}

#[tokio::test]
async fn a_restarted_service_knows_what_was_done_and_drops_a_line_that_was_cut_short() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("effects.jsonl");
    let before = {
        let router = receiver(Books::open(&log).unwrap());
        send(&router, &open("a")).await
    };
    std::fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(b"{\"envelope\":{\"id").unwrap();
    let router = receiver(Books::open(&log).unwrap());
    assert_eq!(send(&router, &open("a")).await, before);
    assert_ne!(send(&router, &open("b")).await, before);
    assert_eq!(Books::open(&log).unwrap().effects(), 2);
}
