//! What a mapper wants to be done in Matrix, checked: only event types that the tenant allows, only JSON that a
//! homeserver takes, only HTML that Matrix allows.

use patchbay_plugin::{mapping, types};
use patchbay_types::tenant::MatrixConfig;
use serde_json::{Value, json};

use crate::{html, payload::Act};

/// The largest content: an event has at most 64 KiB (client-server API, "Size limits"), with room for the rest of it.
const CONTENT: usize = 60 << 10;

/// The act, and the person who does it; none is the bot.
///
/// # Errors
/// Why it is refused, in a sentence.
pub(crate) fn check(
    allowed: &MatrixConfig,
    action: mapping::Action,
) -> Result<(Option<types::Person>, Act), String> {
    let permitted = |event_type: &str| {
        if allowed.allowed_events.iter().any(|one| one == event_type) {
            Ok(())
        } else {
            Err(format!(
                "the mapper wants to send `{event_type}`, which `matrix.allowed-events` does not allow"
            ))
        }
    };
    match action {
        mapping::Action::Send(send) => {
            permitted(&send.event_type)?;
            let content = content(&send.content)?;
            Ok((send.author, Act::Send { event_type: send.event_type, content }))
        }
        mapping::Action::State(state) => {
            permitted(&state.event_type)?;
            let content = content(&state.content)?;
            Ok((None, Act::State { event_type: state.event_type, state_key: state.state_key, content }))
        }
        mapping::Action::Redact(redact) => {
            event_id(&redact.event_id)?;
            Ok((redact.author, Act::Redact { event_id: redact.event_id, reason: redact.reason }))
        }
        mapping::Action::MarkRead(read) => {
            event_id(&read.event_id)?;
            Ok((read.author, Act::MarkRead { event_id: read.event_id }))
        }
        mapping::Action::Typing(typing) => Ok((typing.author, Act::Typing { active: typing.active })),
    }
}

fn event_id(id: &str) -> Result<(), String> {
    if id.starts_with('$') && id.len() <= 1024 {
        Ok(())
    } else {
        Err(format!("`{}` is no event ID", short(id)))
    }
}

fn content(json: &str) -> Result<String, String> {
    if json.len() > CONTENT {
        return Err(format!("the mapper's content has {} bytes; {CONTENT} are the most", json.len()));
    }
    let mut value: Value =
        serde_json::from_str(json).map_err(|error| format!("the mapper's content: {error}"))?;
    if !value.is_object() {
        return Err("the mapper's content is no JSON object".to_owned());
    }
    clean(&mut value)?;
    mentions(&mut value);
    Ok(value.to_string())
}

/// People whom one message may mention.
const MENTIONS: usize = 16;

/// A message pings whom the mapper names, and never a whole room: without `m.mentions` a client would look for `@room` in
/// the words (client-server API, "User and room mentions").
fn mentions(content: &mut Value) {
    let Value::Object(fields) = content else { return };
    if !fields.contains_key("msgtype") {
        return;
    }
    let named =
        fields.get("m.mentions").and_then(|mentions| mentions.get("user_ids")).and_then(Value::as_array);
    let users =
        named.into_iter().flatten().filter(|user| user.as_str().is_some_and(|user| user.starts_with('@')));
    let users: Vec<Value> = users.take(MENTIONS).cloned().collect();
    let mentions = if users.is_empty() { json!({}) } else { json!({ "user_ids": users }) };
    fields.insert("m.mentions".to_owned(), mentions);
    if let Some(new) = fields.get_mut("m.new_content") {
        self::mentions(new);
    }
}

/// Sanitises HTML wherever it stands, and refuses numbers that canonical JSON does not have.
fn clean(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if key == "formatted_body"
                    && let Value::String(text) = field
                {
                    *text = html::sanitised(text);
                }
                clean(field)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(clean),
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            Err(format!("the mapper's content has the number {number}; Matrix has integers only"))
        }
        _ => Ok(()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(event_type: &str, content: &str) -> Result<(Option<types::Person>, Act), String> {
        let send = mapping::Send {
            author: None,
            event_type: event_type.to_owned(),
            content: content.to_owned(),
            attachments: Vec::new(),
        };
        check(&MatrixConfig::default(), mapping::Action::Send(send))
    }

    #[test]
    fn an_event_type_that_is_not_allowed_is_refused_by_name() {
        assert!(send("m.room.message", "{}").is_ok());
        assert!(send("m.room.power_levels", "{}").unwrap_err().contains("m.room.power_levels"));
    }

    #[test]
    fn html_is_sanitised_wherever_it_stands() {
        let content = r#"{"m.new_content":{"formatted_body":"<b>a</b><script>x</script>"}}"#;
        let Ok((None, Act::Send { content, .. })) = send("m.room.message", content) else { panic!() };
        assert_eq!(content, r#"{"m.new_content":{"formatted_body":"<b>a</b>"}}"#);
    }

    #[test]
    fn a_message_pings_whom_the_mapper_names_and_never_the_room() {
        let content = r#"{"body":"@room","msgtype":"m.text","m.mentions":{"room":true,"user_ids":["@a:h",7]},
                          "m.new_content":{"msgtype":"m.text","body":"@room"}}"#;
        let Ok((None, Act::Send { content, .. })) = send("m.room.message", content) else { panic!() };
        let content: Value = serde_json::from_str(&content).unwrap();
        assert_eq!(content["m.mentions"], json!({ "user_ids": ["@a:h"] }));
        assert_eq!(content["m.new_content"]["m.mentions"], json!({}));
    }

    #[test]
    fn what_no_homeserver_takes_is_refused() {
        for content in ["[]", "{", r#"{"a":[1.5]}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(CONTENT))] {
            assert!(send("m.room.message", content).is_err());
        }
    }
}
