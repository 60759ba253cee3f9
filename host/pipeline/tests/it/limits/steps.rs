//! Steps: each effect has a name of its own, and a name is one effect.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::json;

use super::bodies;
use crate::{
    errands::{Granted, Told, acme, ask, attempts, by, get, step, told, with},
    played::{Server, answer, ok},
};

fn answers(told: &[Told]) -> Vec<&str> {
    told.iter().map(|told| told.answer.as_str()).collect()
}

/// Refuses the first request to `/refuse`, and has no time for the first one to `/busy`.
async fn server() -> Server {
    let came = [AtomicBool::new(false), AtomicBool::new(false)];
    let first = move |n: usize| !came[n].swap(true, SeqCst);
    Server::answering(move |request| match request.split(' ').nth(1) {
        Some("/refuse") if first(0) => answer("422 No", &[], b"no"),
        Some("/busy") if first(1) => answer("429 Later", &[], b"later"),
        _ => ok("done"),
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_finished_step_is_not_sent_again_in_its_call_whatever_it_asks_then() {
    let server = server().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let url = server.url("/");
    let forgotten = with(step("three", &url, "three"), json!({ "forget": true }));
    let told = told(
        &mut house,
        "$1",
        &[
            step("one", &url, "one"),
            step("one", &url, "other bytes"),
            step("one", &url, "one"),
            with(get(&server.url("/elsewhere")), json!({ "step": "one" })),
            step("two", &server.url("/refuse"), "two"),
            step("two", &server.url("/refuse"), "two, better"),
            step("two", &server.url("/refuse"), "two, again"),
            forgotten,
            step("three", &url, "three, again"),
            get(&server.url("/read")),
            get(&server.url("/read")),
        ],
    )
    .await;
    let expected = ["200", "denied", "denied", "denied", "422", "200", "denied", "200", "200", "200", "200"];
    assert_eq!(answers(&told), expected);
    assert!(told[1].detail.contains("each effect needs its own name"), "{}", told[1].detail);
    assert_eq!(bodies(&server), ["one", "two", "two, better", "three", "three, again", "", ""]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_step_without_a_proper_name_is_not_sent() {
    let server = server().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let url = server.url("/");
    let bad = [
        "".to_owned(),
        "x".repeat(129),
        "ä".repeat(65),
        "x".repeat(100_000),
        "a\nb".into(),
        "a\0b".into(),
        "\u{85}".into(),
    ];
    let errands: Vec<_> = bad.iter().map(|name| step(name, &url, "no")).collect();
    let refused = told(&mut house, "$bad", &errands).await;
    assert!(
        refused.iter().all(|told| told.answer == "denied" && told.detail.contains("1 to 128 bytes")),
        "{refused:?}"
    );
    assert_eq!(server.connections(), 0);
    let good =
        ["x".repeat(128), "ä".repeat(64), " ".into(), "'; DROP TABLE journal; --".into(), "../%00".into()];
    let errands: Vec<_> = good.iter().map(|name| step(name, &url, "yes")).collect();
    let sent = told(&mut house, "$good", &errands).await;
    assert_eq!(answers(&sent), ["200"; 5]);
    assert_eq!(server.requests().len(), 5);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_effect_without_a_name_is_a_read_and_done_by_each_attempt() {
    let server = server().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let unnamed = with(by("post", &server.url("/")), json!({ "body": [{ "text": "unnamed" }] }));
    let errands = [unnamed, step("named", &server.url("/"), "named"), get(&server.url("/busy"))];
    ask(&mut house, "!a:h", "$1", &errands, false).await;
    house.until("the first attempt has failed", async || !attempts(&house, "$1").await.is_empty()).await;
    house.clock.advance(60_000);
    house.settled().await;
    assert_eq!(bodies(&server), ["unnamed", "named", "", "unnamed", ""]);
    house.stop().await;
}
