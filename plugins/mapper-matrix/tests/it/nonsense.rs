//! Whatever stands in an event: the mapper answers, and what it answers is well formed.

use patchbay_sdk::prelude::*;
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};

use crate::sample::{event, mapper, related, room};

const KEYS: [&str; 26] = [
    "msgtype",
    "body",
    "format",
    "formatted_body",
    "filename",
    "url",
    "file",
    "info",
    "geo_uri",
    "m.relates_to",
    "m.new_content",
    "m.in_reply_to",
    "rel_type",
    "event_id",
    "key",
    "is_falling_back",
    "redacts",
    "membership",
    "displayname",
    "reason",
    "mimetype",
    "size",
    "org.matrix.msc3245.voice",
    "question",
    "m.poll",
    "m.location",
];
const WORDS: [&str; 24] = [
    "m.text",
    "m.emote",
    "m.image",
    "m.audio",
    "m.file",
    "m.location",
    "m.replace",
    "m.thread",
    "m.annotation",
    "$event",
    "$",
    "",
    "mxc://a/b",
    "mxc://",
    "mxc:///b",
    "geo:1,2",
    "geo:91,0",
    "geo:NaN,1",
    "join",
    "leave",
    "> <@a:b> q\n\na",
    "> <@a:b>",
    "../../etc/passwd",
    "org.matrix.custom.html",
];
const TYPES: [&str; 12] = [
    "m.room.message",
    "m.sticker",
    "m.reaction",
    "m.room.redaction",
    "m.room.member",
    "m.room.encrypted",
    "m.call.hangup",
    "m.poll.start",
    "m.beacon",
    "m.room.topic",
    "com.example",
    "",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => prop::sample::select(&WORDS[..]).prop_map(|word| json!(word)),
        1 => any::<String>().prop_map(|text| json!(text)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(|flag| json!(flag)),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let entry = (prop::sample::select(&KEYS[..]).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            4 => vec(entry, 0..8).prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
            1 => vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

fn ids(content: &Content) -> Vec<&String> {
    match content {
        Content::Reaction(Reaction { target, removed, .. }) => {
            target.iter().chain(removed.iter().flatten()).collect()
        }
        Content::Edit(Edit { target, .. }) | Content::Removal(target) => target.iter().collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn any_content_of_any_type_is_mapped_or_ignored(
        event_type in prop::sample::select(&TYPES[..]),
        content in any_json(),
        before in prop::option::of((prop::sample::select(&TYPES[..]), any_json())),
        state_key in prop::option::of("@bob:b|@alice:a|"),
    ) {
        let mut given = event(event_type, &content);
        given.related = before.map(|(event_type, content)| related(event_type, &content));
        given.state_key = state_key;
        let mapped = mapper(json!({ "threads": true })).from_matrix(given, room(Audience::Customer));
        if let Mapped::Message(said) = mapped.unwrap() {
            let Message { content, reply_to, thread, .. } = &said.message;
            for id in ids(content).into_iter().chain(reply_to).chain(thread) {
                prop_assert!(id.starts_with('$'), "{id:?}");
            }
            if let Content::Post(post) = content {
                prop_assert!(post.text.is_some() || !post.files.is_empty());
                prop_assert!(post.files.iter().all(|file| !file.file_name.contains('/')));
            }
        }
    }
}

#[test]
fn ten_thousand_levels_of_nesting_are_stepped_over() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let mut given = event("m.room.message", &json!({}));
    given.content = format!(r#"{{"msgtype":"m.text","body":"hi","m.relates_to":{deep},"info":{deep}}}"#);
    let mapped = mapper(json!({})).from_matrix(given, room(Audience::Customer)).unwrap();
    let Mapped::Message(said) = mapped else { panic!("{mapped:?}") };
    assert!(matches!(said.message.content, Content::Post(_)));
}
