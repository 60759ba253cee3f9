use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Event;

fn registration() -> RegistrationId {
    RegistrationId::from("crm")
}

/// An event's key, room and fault.
type Seen = (String, Option<String>, Option<Fault>);

fn read(bytes: &[u8]) -> Result<Vec<Seen>, Unreadable> {
    let body = Body::new(bytes);
    let transaction = body.read(&registration(), "1")?;
    let owned = |event: &Incoming<'_>| {
        (event.key.to_string(), event.room_id.as_ref().map(ToString::to_string), event.fault.clone())
    };
    Ok(transaction.events.iter().map(owned).collect())
}

fn good(n: usize) -> Value {
    json!({
        "event_id": format!("$good{n}"), "room_id": "!r", "sender": "@alice:localhost", "type": "m.room.message",
        "origin_server_ts": 1, "content": { "body": "hello" },
    })
}

/// The bad event between two good ones: its neighbours stay as they are. Answers the bad one's fault.
fn between_neighbours(bad: &[u8]) -> Option<Fault> {
    let (before, after) = (good(1).to_string(), good(2).to_string());
    let body = [b"{\"events\":[", before.as_bytes(), b",", bad, b",", after.as_bytes(), b"]}"].concat();
    let events = read(&body).unwrap();
    assert_eq!(events[0], ("$good1".to_owned(), Some("!r".to_owned()), None));
    assert_eq!(events[2], ("$good2".to_owned(), Some("!r".to_owned()), None));
    events[1].2.clone()
}

#[test]
fn every_captured_transaction_is_read_without_a_fault() {
    let captures: Vec<Value> =
        serde_json::from_str(include_str!("../../../../fixtures/matrix/transactions.json")).unwrap();
    let transactions = captures.iter().filter(|capture| {
        capture["request"]["method"] == "PUT" && capture["request"]["body"]["events"].is_array()
    });
    let (mut seen, mut ephemeral, mut to_device) = (0, 0, 0);
    for capture in transactions {
        let sent = &capture["request"]["body"];
        let bytes = serde_json::to_vec(sent).unwrap();
        let body = Body::new(&bytes);
        let transaction = body.read(&registration(), "1").unwrap();
        assert_eq!(transaction.events.len(), sent["events"].as_array().unwrap().len());
        for (event, sent) in transaction.events.iter().zip(sent["events"].as_array().unwrap()) {
            assert_eq!(event.fault, None, "{}: {}", capture["name"], event.raw);
            assert_eq!(*event.key, *sent["event_id"].as_str().unwrap());
            assert_eq!(event.room_id.as_deref(), sent["room_id"].as_str());
            assert!(Event::read(event.raw).is_ok());
        }
        seen += transaction.events.len();
        ephemeral += transaction.ephemeral.len();
        to_device += transaction.to_device.len();
    }
    assert!(seen > 50 && ephemeral > 5 && to_device > 2, "{seen} {ephemeral} {to_device}");
}

#[test]
fn a_bad_event_has_its_fault_and_leaves_its_neighbours_alone() {
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let nested = |content: &str| good(3).to_string().replace(r#"{"body":"hello"}"#, content);
    let huge = nested(&json!({ "body": "x".repeat(2 << 20) }).to_string());
    for (bad, fault) in [
        ("7", Fault::NotAnObject),
        ("null", Fault::NotAnObject),
        ("[]", Fault::NotAnObject),
        ("{}", Fault::Missing("content")),
        (&deep, Fault::TooDeep),
        (&nested(&deep), Fault::TooDeep),
        (&huge, Fault::TooLarge(huge.len())),
        (&nested("[]"), Fault::Wrong { field: "content", wanted: "object" }),
        (&nested(r#"{"n":9007199254740993}"#), Fault::Number),
        (&nested(r#"{"body":"\ud800"}"#), Fault::LoneSurrogate),
        (r#"{"type":"a","type":"b"}"#, Fault::Twice),
    ] {
        assert_eq!(between_neighbours(bad.as_bytes()), Some(fault), "{}", &bad[..bad.len().min(60)]);
    }
}

#[test]
fn bytes_that_are_no_utf8_harm_only_the_event_that_has_them() {
    let mut bad = good(3).to_string().into_bytes();
    let at = bad.windows(5).position(|window| window == b"hello").unwrap();
    bad[at] = 0xff;
    assert_eq!(between_neighbours(&bad), Some(Fault::NotUtf8));
}

#[test]
fn a_fault_keeps_the_event_id_and_the_room_where_they_can_be_read() {
    let mut bad = good(1);
    bad["origin_server_ts"] = json!(1.5);
    let events = read(json!({ "events": [bad] }).to_string().as_bytes()).unwrap();
    assert_eq!((events[0].0.as_str(), events[0].1.as_deref()), ("$good1", Some("!r")));
    assert!(events[0].2.is_some());
}

#[test]
fn without_an_event_id_the_key_says_where_it_stood_and_what_it_said() {
    let body = json!({ "events": [{ "a": 1 }, { "a": 1 }, { "event_id": "h:00" }] }).to_string();
    let key = |txn: &str, registration: &str| {
        let body = Body::new(body.as_bytes());
        let transaction = body.read(&RegistrationId::from(registration), txn).unwrap();
        transaction.events.iter().map(|event| event.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(key("1", "crm"), key("1", "crm"));
    let all: HashSet<String> =
        [key("1", "crm"), key("2", "crm"), key("1", "other")].concat().into_iter().collect();
    assert_eq!(all.len(), 9);
    assert!(all.iter().all(|key| key.len() == 66 && key.starts_with("h:")));
}

#[test]
fn both_spellings_of_ephemeral_and_to_device_are_read_and_wrong_ones_cost_no_event() {
    let counts = |extra: Value| {
        let mut body = json!({ "events": [good(1)], "org.matrix.msc3202.device_lists": { "changed": [] } });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let bytes = serde_json::to_vec(&body).unwrap();
        let body = Body::new(&bytes);
        let transaction = body.read(&registration(), "1").unwrap();
        (transaction.events.len(), transaction.ephemeral.len(), transaction.to_device.len())
    };
    assert_eq!(counts(json!({ "ephemeral": [{}], "to_device": [{}, {}] })), (1, 1, 2));
    let unstable = json!({ "de.sorunome.msc2409.ephemeral": [{}], "de.sorunome.msc2409.to_device": [{}] });
    assert_eq!(counts(unstable), (1, 1, 1));
    assert_eq!(counts(json!({ "ephemeral": 7, "to_device": "x" })), (1, 0, 0));
}

#[test]
fn what_is_no_transaction_is_told_apart_from_what_is_no_json() {
    let syntax = |bytes: &[u8]| matches!(read(bytes), Err(Unreadable::Syntax { .. }));
    for bytes in [
        &b""[..],
        b" ",
        b"{",
        b"{\"events\":[}",
        b"\xff\xfe",
        b"{\"events\":[]} x",
        b"[1",
        b"{\"events\":[{]}",
    ] {
        assert!(syntax(bytes), "{bytes:?}");
    }
    let long = format!("{{\"events\":[{}0]}}", "0,".repeat(MAX_ENTRIES));
    for text in ["[]", "[[]]", "7", "{}", r#"{"events":{}}"#, r#"{"events":[],"events":[]}"#, &long] {
        assert_eq!(read(text.as_bytes()), Err(Unreadable::NoTransaction), "{}", &text[..text.len().min(40)]);
    }
    assert_eq!(read(b"{\"events\":[]}"), Ok(vec![]));
}

#[test]
fn a_reason_never_shows_what_the_body_said() {
    let said = read(br#"{"events":"secret"}"#).unwrap_err().to_string();
    assert!(!said.contains("secret"), "{said}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    /// Whatever one byte becomes, an event without a fault is one that the pipeline can read.
    #[test]
    fn a_changed_byte_never_makes_an_event_that_only_looks_good(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = json!({ "events": [good(1), good(2), good(3)], "ephemeral": [] }).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let body = Body::new(&bytes);
        if let Ok(transaction) = body.read(&registration(), "1") {
            for event in &transaction.events {
                prop_assert_eq!(event.fault.is_none(), Event::read(event.raw).is_ok() && !body.was_repaired(event.raw));
                prop_assert!(serde_json::from_str::<Value>(event.raw).is_ok() || event.fault.is_some());
            }
        }
    }
}
