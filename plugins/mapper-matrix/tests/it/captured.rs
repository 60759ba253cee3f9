//! Every event that Synapse sent in the captured transactions, as the host would hand it over.

use std::{collections::HashMap, fmt::Write as _};

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::sample::{mapper, person, related, room};

const TRANSACTIONS: &str = include_str!("../../../../fixtures/matrix/transactions.json");

fn events() -> Vec<Value> {
    let transactions: Value = serde_json::from_str(TRANSACTIONS).unwrap();
    let bodies = transactions.as_array().unwrap().iter();
    bodies.filter_map(|one| one.pointer("/request/body/events")?.as_array()).flatten().cloned().collect()
}

fn str_at<'a>(event: &'a Value, at: &str) -> Option<&'a str> {
    event.pointer(at).and_then(Value::as_str)
}

/// What the event refers to: by its identifier, or for state what stood before.
fn refers_to(event: &Value, seen: &HashMap<String, Value>) -> Option<Related> {
    if let Some(before) = event.pointer("/unsigned/prev_content") {
        return Some(related(str_at(event, "/type")?, before));
    }
    let id = str_at(event, "/content/redacts").or_else(|| str_at(event, "/content/m.relates_to/event_id"))?;
    let target = seen.get(id)?;
    let found = related(str_at(target, "/type")?, &target["content"]);
    Some(Related { event_id: id.to_owned(), ..found })
}

#[test]
fn each_captured_event_means_what_it_meant_before() {
    let mapper = mapper(json!({}));
    let (mut seen, mut told) = (HashMap::new(), String::new());
    for event in events() {
        let id = str_at(&event, "/event_id").unwrap().to_owned();
        let event_type = str_at(&event, "/type").unwrap().to_owned();
        let given = Event {
            event_id: id.clone(),
            sender: person(str_at(&event, "/sender").unwrap(), Party::Customer),
            event_type: event_type.clone(),
            state_key: str_at(&event, "/state_key").map(str::to_owned),
            origin_server_ts: event["origin_server_ts"].as_u64().unwrap(),
            content: event["content"].to_string(),
            encryption: Encryption::Clear,
            related: refers_to(&event, &seen),
        };
        let meant = match mapper.from_matrix(given, room(Audience::Customer)).unwrap() {
            Mapped::Message(said) => {
                assert_eq!(said.message.id, id);
                let Message { content, reply_to, thread, attributes, .. } = said.message;
                format!("{content:#?}\nreply to {reply_to:?}, thread {thread:?}, {attributes:?}")
            }
            Mapped::Ignore(why) => format!("ignored: {why}"),
        };
        writeln!(told, "# {event_type} {}\n{meant}\n", event["content"]).unwrap();
        seen.insert(id, event);
    }
    insta::assert_snapshot!(told);
}
