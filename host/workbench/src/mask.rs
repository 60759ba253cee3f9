//! `--mask`: people taken out of a case before it is handed on.
//!
//! - A name, phone, mail, user ID or other identifier of a person becomes a pseudonym, the same one wherever it stands
//!   in the case: in inputs, answers, requests and settings, so that what compares them still compares alike.
//! - What somebody said becomes text of the same length, in bytes too: `x` for a letter, `X` for a capital, `0` for a
//!   digit; spaces and punctuation stay. A rule that looks for words no longer finds them: such a case is tried once, and its answer
//!   accepted with `--update`.
//! - File names lose their letters too; places become 0, 0.
//!
//! Identifiers of rooms, events and tickets stay. What went to a CRM and came from it is masked in the same way where it
//! is JSON; besides, wherever it repeats what somebody said, or what is known of people from elsewhere in the case, and
//! where it looks like a mail, a phone or a user ID: also as a URL or a form writes it. Look through a case before it
//! leaves the house.

mod collect;
mod stands;
mod words;

use serde_json::{Value, value::RawValue};

pub(crate) use self::stands::Stands;
use self::{collect::Pseudonyms, words::blank};
use crate::case::{Answer, Case, Step};

/// Keys of what somebody said, or of what is not to be told of them.
const SAID: [&str; 11] = [
    "plain",
    "html",
    "body",
    "formatted_body",
    "topic",
    "file_name",
    "filename",
    "label",
    "subject",
    "Subject",
    "Event",
];

/// The same case about nobody.
#[must_use]
pub fn mask(mut case: Case) -> Case {
    let mut pseudonyms = Pseudonyms::default();
    for step in &case.steps {
        each(step, &mut |value| pseudonyms.collect(value));
        step.input.iter().for_each(|value| repeats(value, &mut pseudonyms));
        if let Ok(settings) = serde_json::from_str::<Value>(step.settings()) {
            pseudonyms.patterns(&settings);
        }
    }
    let pseudonyms = pseudonyms.settle();
    for step in &mut case.steps {
        let mask = |value: &mut Value| masked(value, Place::default(), &pseudonyms);
        step.input.iter_mut().for_each(mask);
        match &mut step.answer {
            Answer::Ok(value) | Answer::Failure(value) => masked(value, Place::default(), &pseudonyms),
            Answer::Error(text) | Answer::Refused(text) => *text = pseudonyms.replace(text),
            Answer::Fault(fault) => fault.detail = pseudonyms.replace(&fault.detail),
        }
        for call in &mut step.calls {
            let place = Place { outside: call.function.starts_with("http."), ..Place::default() };
            masked(&mut call.input, place, &pseudonyms);
            masked(&mut call.answer, place, &pseudonyms);
        }
        step.settings = step.settings.take().map(|settings| {
            let text = pseudonyms.replace(settings.get());
            RawValue::from_string(text).unwrap_or(settings)
        });
    }
    case.masked = true;
    case
}

/// Every value of a step.
fn each(step: &Step, look: &mut impl FnMut(&Value)) {
    step.input.iter().for_each(&mut *look);
    if let Answer::Ok(value) | Answer::Failure(value) = &step.answer {
        look(value);
    }
    for call in &step.calls {
        look(&call.input);
        look(&call.answer);
    }
}

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    key: Option<&'a str>,
    /// In a JSON document that stands in a text, such as an event's content or a request's body.
    in_document: bool,
    /// In what went to a CRM or came from it.
    outside: bool,
}

/// Takes in what was said, so that it is known again where an adapter has put it under another name.
fn repeats(value: &Value, pseudonyms: &mut Pseudonyms) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| repeats(item, pseudonyms)),
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if SAID.contains(&key.as_str()) => pseudonyms.spoken(text),
                    field => repeats(field, pseudonyms),
                }
            }
        }
        _ => {}
    }
}

fn masked(value: &mut Value, place: Place<'_>, pseudonyms: &Pseudonyms) {
    match value {
        Value::String(text) => *text = masked_text(text, place, pseudonyms),
        Value::Array(items) => items.iter_mut().for_each(|item| masked(item, place, pseudonyms)),
        Value::Object(fields) => {
            let attribute = fields.contains_key("key") && fields.contains_key("value");
            for (key, field) in fields.iter_mut() {
                match (key.as_str(), &mut *field) {
                    ("latitude" | "longitude", field) => *field = Value::from(0.0),
                    ("geo_uri", field) => *field = Value::from("geo:0,0"),
                    ("value", Value::String(text)) if attribute => *text = blank(&pseudonyms.replace(text)),
                    (key, field) => masked(field, Place { key: Some(key), ..place }, pseudonyms),
                }
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn masked_text(text: &str, place: Place<'_>, pseudonyms: &Pseudonyms) -> String {
    if text.starts_with(['{', '['])
        && let Ok(mut document) = serde_json::from_str::<Value>(text)
    {
        masked(&mut document, Place { key: None, in_document: true, ..place }, pseudonyms);
        return document.to_string();
    }
    match place.key {
        // A form, or a page: without its letters nobody could read it any more.
        Some("body") if !place.in_document => pseudonyms.replace_outside(text),
        Some(key) if SAID.contains(&key) => pseudonyms.said(text),
        // The contract's own words, such as a method, are none that somebody said.
        Some("Text" | "Bytes" | "value") if place.outside => pseudonyms.replace_outside(text),
        _ if place.outside && place.in_document => pseudonyms.replace_outside(text),
        _ => pseudonyms.replace(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::VERSION;

    fn case() -> Case {
        let person = json!({ "id": "@alice:acme.example", "party": "Customer", "display_name": "Alice Ash",
            "phone": "+380441234567", "email": "alice@ash.example", "identifiers": ["tel:+380441234567"],
            "attributes": [{ "key": "birthday", "value": "1990-01-01" }] });
        let content = r#"{"body":"Hi, I am Alice Ash!","msgtype":"m.text"}"#;
        let step = json!({ "function": "adapter.open",
            "settings": { "vip": ["@alice:acme.example"], "queue": "sales" },
            "input": [{ "author": person, "content": content, "text": { "plain": "Hi, I am Alice Ash!" } }],
            "answer": { "ok": { "text": "call +380441234567 or @alice:acme.example" } },
            "calls": [{ "function": "http.send", "input": [{ "body": [{ "Bytes": "{\"who\":\"Alice Ash\"}" }] }],
                "answer": { "Ok": { "body": "{\"mail\":\"other@mail.example\",\"id\":7}" } } }] });
        let case = json!({ "patchbay-case": VERSION, "name": "x", "steps": [step] });
        Case::parse(&case.to_string()).unwrap()
    }

    #[test]
    fn nobody_is_left_in_it_and_each_has_one_pseudonym_everywhere() {
        let masked = mask(case());
        let text = masked.text();
        for person in ["alice", "Alice", "Ash", "380441234567", "acme.example", "other@mail", "1990"] {
            assert!(!text.contains(person), "{person} in {text}");
        }
        let step = &masked.steps[0];
        let id = step.input[0]["author"]["id"].as_str().unwrap();
        assert!(id.starts_with("@person1:"), "{id}");
        assert!(step.settings().contains(id), "settings compare alike: {}", step.settings());
        let Answer::Ok(answer) = &step.answer else { panic!("{text}") };
        assert!(answer["text"].as_str().unwrap().contains(id));
        let name = step.input[0]["author"]["display_name"].as_str().unwrap();
        assert!(step.calls[0].input[0]["body"][0]["Bytes"].as_str().unwrap().contains(name));
        assert!(masked.masked);
    }

    #[test]
    fn what_was_said_keeps_its_length_and_its_structure() {
        let masked = mask(case());
        let input = &masked.steps[0].input[0];
        assert_eq!(input["text"]["plain"], "Xx, X xx Xxxxx Xxx!");
        let content: Value = serde_json::from_str(input["content"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&content["body"], &content["msgtype"]),
            (&json!("Xx, X xx Xxxxx Xxx!"), &json!("m.text"))
        );
    }

    #[test]
    fn what_was_said_is_known_again_wherever_an_adapter_has_put_it() {
        let step = json!({ "function": "adapter.append", "input": [{ "id": "@alice:acme.example", "party": "Customer" },
                { "text": { "plain": "My cat is ill" } }], "answer": { "ok": [] },
            "calls": [{ "function": "http.send", "input": [{ "method": "Post",
                    "url": [{ "Text": "https://crm.example/find?q=My%20cat%20is%20ill&who=%40alice%3Aacme.example" }],
                    "body": [{ "Bytes": "{\"note\":\"> My cat is ill\"}" }] }],
                "answer": { "Ok": { "body": "said=My+cat+is+ill" } } }] });
        let case = json!({ "patchbay-case": VERSION, "name": "x", "steps": [step] });
        let masked = mask(Case::parse(&case.to_string()).unwrap());
        let text = masked.text();
        for said in ["cat", "ill", "alice", "acme"] {
            assert!(!text.contains(said), "{said} in {text}");
        }
        let call = &masked.steps[0].calls[0];
        assert_eq!(
            call.input[0]["url"][0]["Text"],
            "https://crm.example/find?q=Xx%20xxx%20xx%20xxx&who=%40person1%3Aserver1.invalid"
        );
        assert_eq!(call.input[0]["body"][0]["Bytes"], r#"{"note":"> Xx xxx xx xxx"}"#);
        assert_eq!(call.answer["Ok"]["body"], "said=Xx+xxx+xx+xxx");
        assert_eq!(call.input[0]["method"], "Post");
        assert_eq!(mask(masked.clone()).text(), text);
    }

    #[test]
    fn masking_twice_changes_nothing_more() {
        let once = mask(case());
        assert_eq!(mask(once.clone()).text(), once.text());
    }
}
