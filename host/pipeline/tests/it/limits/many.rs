//! Ten thousand steps of one delivery, and large answers to each.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use patchbay_storage::{DeliveryState, StepState, Subject};
use patchbay_types::units::Bytes;
use serde_json::{Value, json};

use super::bodies;
use crate::{
    errands::{Granted, Names, acme, ask, delivery, house, parked, step, told, with},
    house::House,
    played::{Server, answer, ok},
};

const MOST: usize = 256;

fn ten_thousand(server: &Server) -> Value {
    with(step("s{n}", &server.url("/"), "step"), json!({ "times": 10_000 }))
}

async fn journal(house: &House, id: &str) -> Vec<StepState> {
    let subject = Subject::Delivery(delivery(house, id).await.id);
    house.store.journal(subject).await.unwrap().into_iter().map(|step| step.state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn ten_thousand_steps_end_the_call_the_delivery_is_parked_and_its_lane_goes_on() {
    let server = Server::answering(|_| ok("done")).await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '2m'");
    let mut house = acme(&granted).await;
    ask(&mut house, "!a:h", "$many", &[ten_thousand(&server)], true).await;
    ask(&mut house, "!a:h", "$next", &[step("next", &server.url("/"), "next")], false).await;
    ask(&mut house, "!b:h", "$other", &[step("other", &server.url("/"), "other")], false).await;
    house.settled().await;
    let reasons = parked(&house).await;
    assert!(reasons.len() == 1 && reasons[0].contains("more than 1000 calls"), "{reasons:?}");
    assert_eq!(delivery(&house, "$many").await.state, DeliveryState::Dead);
    // It was called twice, and what the first call had finished the second did not send again.
    let mut sent = bodies(&server);
    sent.sort();
    assert_eq!(sent, [vec!["next", "other"], vec!["step"; MOST]].concat());
    assert_eq!(journal(&house, "$many").await, [StepState::Finished; MOST]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_delivery_has_so_many_steps_and_no_more_whatever_else_it_may() {
    let server = Server::answering(|_| ok("done")).await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]);
    let mut house = acme(&granted.limits("time = '2m', host-calls = 20000")).await;
    let told = told(&mut house, "$many", &[ten_thousand(&server)]).await;
    let (sent, refused) = told.split_at(MOST);
    assert!(sent.iter().all(|told| told.answer == "200"), "{sent:?}");
    let why = &refused[0];
    assert!(why.answer == "denied" && why.detail.contains("more than 256 steps"), "{why:?}");
    assert!(refused.iter().all(|told| told == why));
    assert_eq!(server.requests().len(), MOST);
    assert_eq!(journal(&house, "$many").await, [], "it goes with the receipt");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_answers_that_a_delivery_keeps_are_bounded_in_bytes() {
    let large = answer("200 OK", &[], &noise(1 << 20));
    let asked = AtomicUsize::new(0);
    // Those that are refused at first are known steps when they are sent again.
    let server = Server::answering(move |_| match asked.fetch_add(1, SeqCst) {
        0..40 => answer("422 No", &[], b""),
        _ => large.clone(),
    })
    .await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '2m'");
    let tenants = [("acme", granted.file(&["!a:h"]))];
    let mut house = house(&tenants, &Names::of([]), |config| config.response = Bytes::mib(1)).await;
    let steps = |name: &str| with(step(name, &server.url("/"), "step"), json!({ "times": 40 }));
    let told = told(&mut house, "$1", &[steps("known{n}"), steps("known{n}"), steps("new{n}")]).await;
    let (refused, rest) = told.split_at(40);
    assert!(refused.iter().all(|told| told.answer == "422"), "{refused:?}");
    let sent = rest.iter().take_while(|told| told.answer == "200").count();
    assert!((8..=17).contains(&sent), "{sent} MiB");
    for told in &rest[sent..] {
        assert!(told.answer == "denied" && told.detail.contains("bytes already"), "{told:?}");
    }
    assert_eq!(server.requests().len(), 40 + sent);
    assert!(on_disk(house.dir.path()) < 100 << 20);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn more_than_a_guest_may_say_at_once_ends_the_call_and_nothing_of_it_is_sent() {
    let server = Server::answering(|_| ok("done")).await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let url = server.url("/");
    let long = json!([["x-a", [{ "repeat": ["x", 2 << 20] }]]]);
    let asked = [
        with(step("s", &url, ""), json!({ "body": [{ "repeat": ["x", 2 << 20] }] })),
        with(step("s", &url, ""), json!({ "headers": long })),
        with(step("s", &url, ""), json!({ "url": [{ "text": url }, { "repeat": ["x", 2 << 20] }] })),
    ];
    for (n, errand) in asked.into_iter().enumerate() {
        ask(&mut house, "!a:h", &format!("${n}"), &[errand], true).await;
    }
    ask(&mut house, "!a:h", "$next", &[step("next", &url, "next")], false).await;
    house.settled().await;
    let reasons = parked(&house).await;
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert_eq!(bodies(&server), ["next"]);
    house.stop().await;
}

/// What cannot be compressed.
fn noise(bytes: usize) -> Vec<u8> {
    let next = |seed: &u64| {
        Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1), next).map(|seed| seed.to_be_bytes()[0]).take(bytes).collect()
}

fn on_disk(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().metadata().unwrap());
    files.map(|file| file.len()).sum()
}
