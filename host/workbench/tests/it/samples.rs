//! Cases to begin with.

use patchbay_workbench::Case;
use serde_json::{Value, json};

pub(crate) fn person() -> Value {
    json!({ "id": "@ann:example.org", "remote": "@ann:example.org", "party": "Customer", "display_name": "Ann",
        "identifiers": [], "attributes": [] })
}

pub(crate) fn message(text: &str) -> Value {
    json!({ "id": "$1", "author": person(), "sent_at": 7, "content": { "Post": { "text": { "plain": text },
        "files": [] } }, "reply_to": [], "thread": [], "attributes": [] })
}

pub(crate) fn case(steps: Value) -> Case {
    let case = json!({ "patchbay-case": 1, "name": "sample", "steps": steps });
    Case::parse(&case.to_string()).unwrap()
}

/// A router with one rule is asked where a message goes.
pub(crate) fn routing(adapter: &str) -> Value {
    let room = json!({ "room_id": "!1", "encrypted": false, "features": [], "audience": "Customer", "people": [],
        "member_count": 2 });
    let conversation =
        json!({ "id": "c", "room": room, "open_tickets": [], "message_count": 1, "labels": [] });
    json!({ "function": "router.decide", "settings": { "default": [{ "adapter": adapter }] },
        "input": [message("hello"), conversation, 7], "answer": { "ok": null } })
}

/// The desk opens a ticket with one line.
pub(crate) fn opening() -> Value {
    let item = json!({ "key": "k", "message": message("hello"), "internal": false });
    let draft = json!({ "conversation": "c", "customer": person(), "initial": [], "items": [item] });
    let call = json!({ "key": "k", "attempt": 1, "history": false });
    json!({ "function": "adapter.open", "slot": "adapters.desk", "input": [draft, call],
        "calls": [{ "function": "desk.create", "answer": "D-1" },
            { "function": "desk.write", "answer": { "Ok": "L-1" } }],
        "answer": { "ok": { "ticket": { "id": "D-1" }, "written": [{ "key": "k", "parts": ["L-1"] }] } } })
}
