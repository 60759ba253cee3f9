//! The contents of the events that are sent.

use patchbay_sdk::prelude::*;
use serde_json::{Map, Value, json};

/// Words, and whether a machine says them: clients do not ring for a notice, and bots do not answer it.
pub(super) struct Words<'a> {
    pub(super) text: &'a Text,
    pub(super) notice: bool,
}

/// What is answered, and the thread it is in. Clients that know no threads show the latter as an answer to its root.
pub(super) fn relation(reply_to: &[String], thread: &[String]) -> Option<Value> {
    let reply = reply_to.first();
    match (thread.first(), reply) {
        (None, None) => None,
        (None, Some(reply)) => Some(json!({ "m.in_reply_to": { "event_id": reply } })),
        (Some(root), reply) => Some(json!({
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": reply.is_none(),
            "m.in_reply_to": { "event_id": reply.unwrap_or(root) },
        })),
    }
}

pub(super) fn words(words: &Words<'_>) -> Value {
    message(words, "")
}

/// `m.new_content` for clients that know edits; a line that begins with `*` for the others.
pub(super) fn edit(target: &str, words: &Words<'_>) -> Value {
    let mut content = message(words, "* ");
    if let Some(object) = content.as_object_mut() {
        object.insert("m.new_content".to_owned(), message(words, ""));
        object.insert("m.relates_to".to_owned(), json!({ "rel_type": "m.replace", "event_id": target }));
    }
    content
}

pub(super) fn reaction(target: &str, key: &str) -> Value {
    json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": target, "key": key } })
}

pub(super) fn place(location: &Location) -> Value {
    let Location { latitude, longitude, label } = location;
    let geo_uri = format!("geo:{latitude},{longitude}");
    json!({ "msgtype": "m.location", "body": label.as_deref().unwrap_or(&geo_uri), "geo_uri": geo_uri })
}

/// The file's URI is put in by the host.
pub(super) fn file(attachment: &Attachment) -> Value {
    let Attachment { kind, file_name, .. } = attachment;
    let msgtype = match kind {
        MediaKind::Sticker => return json!({ "body": file_name, "info": info(attachment), "url": "" }),
        MediaKind::Image => "m.image",
        MediaKind::Audio | MediaKind::Voice => "m.audio",
        MediaKind::Video => "m.video",
        MediaKind::File => "m.file",
    };
    let mut content = json!({
        "msgtype": msgtype, "body": file_name, "filename": file_name, "info": info(attachment), "url": "",
    });
    if let (MediaKind::Voice, Some(object)) = (kind, content.as_object_mut()) {
        object.insert("org.matrix.msc3245.voice".to_owned(), json!({}));
    }
    content
}

fn info(attachment: &Attachment) -> Value {
    let Attachment { mime_type, size, width, height, duration, .. } = attachment;
    let mut info = Map::new();
    info.insert("mimetype".to_owned(), json!(mime_type));
    let numbers = [
        ("size", *size),
        ("w", width.map(u64::from)),
        ("h", height.map(u64::from)),
        ("duration", duration.map(u64::from)),
    ];
    for (key, number) in numbers {
        info.extend(number.map(|number| (key.to_owned(), json!(number))));
    }
    Value::Object(info)
}

fn message(words: &Words<'_>, before: &str) -> Value {
    let msgtype = if words.notice { "m.notice" } else { "m.text" };
    let mut content = json!({ "msgtype": msgtype, "body": format!("{before}{}", words.text.plain) });
    if let (Some(html), Some(object)) = (&words.text.html, content.as_object_mut()) {
        object.insert("format".to_owned(), json!("org.matrix.custom.html"));
        object.insert("formatted_body".to_owned(), json!(format!("{before}{html}")));
    }
    content
}
