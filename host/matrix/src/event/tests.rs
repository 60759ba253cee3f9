use serde_json::{Value, json};

use super::*;

fn message(change: impl FnOnce(&mut Value)) -> String {
    let mut event = json!({
        "event_id": "$a", "room_id": "!r", "sender": "@alice:localhost", "type": "m.room.message",
        "origin_server_ts": 1, "content": { "body": "hello", "msgtype": "m.text" },
    });
    change(&mut event);
    event.to_string()
}

fn fault(change: impl FnOnce(&mut Value)) -> String {
    Event::read(&message(change)).unwrap_err().to_string()
}

#[test]
fn a_field_that_is_missing_or_wrong_is_named() {
    for field in ["event_id", "room_id", "sender", "type", "origin_server_ts", "content"] {
        let missing = fault(|event| drop(event.as_object_mut().unwrap().remove(field)));
        assert_eq!(missing, format!("`{field}` is missing"));
        for wrong in [json!([]), json!(true), json!(1.5), json!("")] {
            let said = fault(|event| event[field] = wrong.clone());
            assert!(said.starts_with(&format!("`{field}` is no ")), "{field} {wrong}: {said}");
        }
    }
    assert_eq!(fault(|event| event["state_key"] = json!(7)), "`state_key` is no string");
}

#[test]
fn a_time_is_an_integer_that_makes_sense() {
    for absurd in [json!(1.5), json!(-1), json!(1e300), json!("1"), json!(null)] {
        assert!(fault(|event| event["origin_server_ts"] = absurd.clone()).contains("origin_server_ts"));
    }
    assert_eq!(Event::read(&message(|_| ())).unwrap().origin_server_ts, 1);
}

#[test]
fn a_float_in_content_is_no_fault_because_old_rooms_have_them() {
    assert!(Event::read(&message(|event| event["content"]["geo"] = json!(50.45))).is_ok());
}

#[test]
fn an_identifier_with_a_control_character_is_refused() {
    assert!(fault(|event| event["event_id"] = json!("$a\u{0}b")).contains("event_id"));
    assert!(fault(|event| event["room_id"] = json!(format!("!{}", "r".repeat(1024)))).contains("room_id"));
}

#[test]
fn escapes_are_read_and_the_rest_is_borrowed() {
    let text = message(|_| ()).replace("\"$a\"", "\"$\\u0061\"");
    let event = Event::read(&text).unwrap();
    assert_eq!(event.event_id, "$a");
    assert!(matches!(event.room_id, Cow::Borrowed("!r")));
}

#[test]
fn a_list_of_the_right_values_is_no_event() {
    assert_eq!(Event::read(r#"["$a","!r","@a:b","m.x",null,1,{}]"#), Err(Fault::NotAnObject));
    assert_eq!(Event::read("7"), Err(Fault::NotAnObject));
    assert_eq!(Event::read(r#"{"event_id":"$a","event_id":"$b"}"#), Err(Fault::Twice));
}

#[test]
fn a_relation_says_what_it_points_to() {
    let relation = |value: Value| message(|event| event["content"]["m.relates_to"] = value);
    let thread = relation(json!({
        "rel_type": "m.thread", "event_id": "$root", "is_falling_back": true, "m.in_reply_to": { "event_id": "$last" },
    }));
    let read = Event::read(&thread).unwrap().relation().unwrap();
    assert_eq!((read.rel_type.as_deref(), read.event_id.as_deref()), (Some("m.thread"), Some("$root")));
    assert_eq!((read.in_reply_to.as_deref(), read.is_falling_back), (Some("$last"), true));

    let reaction = relation(json!({ "rel_type": "m.annotation", "event_id": "$x", "key": "👍" }));
    assert_eq!(Event::read(&reaction).unwrap().relation().unwrap().key.as_deref(), Some("👍"));
    for nonsense in [json!("x"), json!([]), json!(null), json!({ "event_id": 7, "m.in_reply_to": "x" })] {
        let text = relation(nonsense);
        let read = Event::read(&text).unwrap().relation().unwrap_or_default();
        assert_eq!(read, Relation::default());
    }
    assert_eq!(Event::read(&message(|_| ())).unwrap().relation(), None);
}

#[test]
fn a_redaction_names_its_target_at_the_top_or_in_its_content() {
    let old = message(|event| {
        event["type"] = json!("m.room.redaction");
        event["redacts"] = json!("$authorised");
        event["content"] = json!({ "redacts": "$claimed" });
    });
    assert_eq!(Event::read(&old).unwrap().redacts().as_deref(), Some("$authorised"));
    let new = message(|event| {
        event["type"] = json!("m.room.redaction");
        event["content"] = json!({ "redacts": "$x" });
    });
    assert_eq!(Event::read(&new).unwrap().redacts().as_deref(), Some("$x"));
    let message = message(|event| event["redacts"] = json!("$x"));
    assert_eq!(Event::read(&message).unwrap().redacts(), None);
}

#[test]
fn an_invitation_shows_the_room_and_drops_what_is_malformed() {
    let text = message(|event| {
        event["type"] = json!("m.room.member");
        event["unsigned"] = json!({
            "prev_content": { "membership": "leave" },
            "invite_room_state": [
                7, { "type": "m.room.name" },
                { "type": "m.room.name", "state_key": "", "sender": "@a:b", "content": { "name": "Sales" } },
            ],
        });
    });
    let event = Event::read(&text).unwrap();
    assert_eq!(event.prev_content(), Some(r#"{"membership":"leave"}"#));
    let state = event.invite_room_state();
    assert_eq!(state.len(), 1);
    assert_eq!((&*state[0].kind, state[0].content), ("m.room.name", r#"{"name":"Sales"}"#));
}
