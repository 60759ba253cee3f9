use std::panic::catch_unwind;

use serde_json::json;

use super::*;
use crate::{
    clock,
    http::{self, Error},
    store,
};

fn panics(test: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(test).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn what_was_expected_and_never_came_fails_the_test() {
    let message = panics(|| {
        let host = Host::new();
        host.expect(Expect::get("https://a.example"));
        host.expect(Expect::get("https://b.example").repeatedly());
    });
    assert_eq!(message, "expected, and never sent:\n  GET https://a.example");
}

#[test]
fn what_nobody_expected_fails_the_test_with_what_was() {
    let message = panics(|| {
        let host = Host::new();
        host.expect(Expect::post("https://a.example").json(json!({ "a": 1 })));
        drop(http::post("https://a.example").json(&json!({ "a": 2 })).send());
    });
    assert!(message.contains("nobody expected POST https://a.example"), "{message}");
    assert!(message.contains(r#"POST https://a.example with the body {"a":1}"#), "{message}");
}

#[test]
fn a_step_that_was_answered_is_not_sent_again_and_one_that_was_not_is() {
    let host = Host::new();
    let step = |name: &str| http::post("https://a.example").step(name).send().map(|answer| answer.status);
    host.expect(Expect::post("https://a.example").step("a").answer(201, json!({})));
    host.expect(Expect::post("https://a.example").step("b").lost());
    host.expect(Expect::post("https://a.example").step("b").answer(503, json!({})));
    host.expect(Expect::post("https://a.example").step("b"));
    let first = host.call("k");
    assert_eq!(step("a"), Ok(201));
    assert!(matches!(step("b"), Err(Error::UnknownOutcome(_))));
    let second = host.again(&first);
    assert_eq!(step("a"), Ok(201));
    assert_eq!(step("b").unwrap_err().status(), Some(503));
    host.again(&second);
    assert_eq!((step("a"), step("b")), (Ok(201), Ok(200)));
    assert_eq!(host.requests().len(), 4);
}

#[test]
fn another_calls_steps_are_others_and_a_forgotten_one_is_sent_again() {
    let host = Host::new();
    let step = || http::post("https://a.example").step("a").send().map(|answer| answer.status);
    host.expect(Expect::post("https://a.example").repeatedly());
    let first = host.call("k");
    step().unwrap();
    http::forget("a");
    host.again(&first);
    step().unwrap();
    drop(host.call("l"));
    step().unwrap();
    assert_eq!(host.requests().len(), 3);
}

#[test]
fn one_name_for_two_effects_of_an_attempt_fails_the_test() {
    let message = panics(|| {
        let host = Host::new();
        host.expect(Expect::post("https://a.example").repeatedly());
        drop(http::post("https://a.example").step("a").send());
        drop(http::post("https://a.example").step("a").send());
    });
    assert!(message.contains("another effect needs another name"), "{message}");
}

#[test]
fn without_a_host_a_plugin_is_told_how_to_get_one() {
    assert!(panics(|| assert_eq!(clock::now(), 0)).contains("testing::Host::new()"));
}

#[test]
fn the_store_keeps_what_it_is_given() {
    let host = Host::new();
    store::set_json("a", &json!([1, 2])).unwrap();
    assert_eq!(store::get_json::<Vec<u8>>("a"), Some(vec![1, 2]));
    assert_eq!(store::get_json::<String>("a"), None);
    store::delete("a");
    assert_eq!(host.stored("a"), None);
}
