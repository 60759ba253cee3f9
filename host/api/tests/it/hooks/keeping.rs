//! What is kept, under which key, and how often.

use patchbay_storage::{Subject, Unasked};
use reqwest::StatusCode;

use super::house::{House, NOW};

#[tokio::test]
async fn what_the_adapter_wants_is_on_disk_when_it_is_answered_with_what_it_was_asked() {
    let house = House::start().await;
    let answer = house.post(Some("w1"), "hello").await;
    assert_eq!((answer.status(), &answer.headers()["x-mine"]), (StatusCode::ACCEPTED, &"1".parse().unwrap()));
    assert_eq!(answer.text().await.unwrap(), "said");
    let kept = house.kept().await;
    assert_eq!((kept[0].key.as_str(), kept[0].at, &kept[0].unasked), ("w1", NOW, &None));
    let traces = house.store.traces_of(Subject::Hook(kept[0].id)).await.unwrap();
    assert_eq!(traces[0].steps[0].name, "webhooks.accept");
    let why = house.store.why("w1").await.unwrap();
    assert_eq!((why.hooks.len(), why.traces.len()), (1, 1));
}

#[tokio::test]
async fn a_webhook_that_comes_again_under_its_identifier_is_kept_once_and_asked_about_once() {
    let house = House::start().await;
    assert_eq!(house.post(Some("w1"), "hello").await.status(), StatusCode::ACCEPTED);
    for _ in 0..3 {
        let again = house.post(Some("w1"), "hello").await;
        assert_eq!((again.status(), again.text().await.unwrap().as_str()), (StatusCode::OK, ""));
    }
    assert_eq!((house.kept().await.len(), house.asked()), (1, 1));
    let listed = house.hooks.list();
    assert_eq!((listed[0].received, listed[0].kept, listed[0].known), (4, 1, 3));
}

#[tokio::test]
async fn without_an_identifier_each_webhook_is_one_of_its_own() {
    let house = House::start().await;
    for _ in 0..2 {
        let request = house.request("POST", &house.path("plain")).header("webhook-id", "w1").body("hello");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    assert_eq!((house.kept().await.len(), house.asked()), (2, 2));
}

#[tokio::test]
async fn what_the_adapter_could_not_be_asked_about_is_kept_and_takes_nobodys_name() {
    let house = House::start().await;
    for _ in 0..2 {
        let answer = house.post(Some("w1"), "silent forgery").await;
        assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, ""));
    }
    let kept = house.kept().await;
    assert_eq!(kept.len(), 1, "the same bytes again are the same webhook");
    assert_eq!(kept[0].unasked, Some(Unasked { delivery: Some("w1".into()) }));
    // The real one comes later, when the adapter is back.
    assert_eq!(house.post(Some("w1"), "real").await.status(), StatusCode::ACCEPTED);
    let kept = house.kept().await;
    assert_eq!((kept.len(), kept[1].key.as_str()), (2, "w1"));
    assert_eq!(house.hooks.list()[0].unheard, 1);
}
