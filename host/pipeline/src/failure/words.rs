//! What a failure is called where people read of it.

use patchbay_plugin::types::{Content, Message, Party, Person, Post, Text};
use patchbay_types::Millis;
use serde_json::Value;

use crate::payload::{Act, ActionPayload};

/// So much of a message is quoted.
const QUOTED: usize = 80;
/// So much of a reason is told.
const REASON: usize = 300;

/// The host itself, where it writes into a ticket. Adapters take it for nobody's contact: the CRM's own user writes.
fn host() -> Person {
    Person {
        id: "patchbay:host".to_owned(),
        remote: None,
        party: Party::System,
        display_name: Some("Patchbay".to_owned()),
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}

/// A note by the host.
pub(super) fn note(id: String, plain: String, now: Millis) -> Message {
    let text = Some(Text { plain, html: None });
    Message {
        id,
        origin: None,
        author: host(),
        sent_at: now,
        content: Content::Post(Post { text, files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

/// That a message has not reached the customer. `aside`: it will not, unless somebody does something.
pub(super) fn undelivered(reason: Option<&str>, aside: bool, quote: Option<&str>) -> String {
    let which = quote.map_or("The last message".to_owned(), |quote| format!("The message “{quote}”"));
    let reason = reason.map(|reason| shortened(reason, REASON)).filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| "it waits behind an earlier one".to_owned());
    let next = if aside {
        "It was set aside: whoever operates the bridge can send it again."
    } else {
        "It is sent as soon as that is possible."
    };
    format!("{which} may not have reached the customer: {reason}. {next}")
}

/// That it has, after all.
pub(super) fn arrived(quote: Option<&str>) -> String {
    match quote {
        Some(quote) => format!("The message “{quote}” has reached the customer now."),
        None => "The message that may not have reached the customer has now.".to_owned(),
    }
}

/// What an action says, in a few words; none: nothing that an agent would miss.
pub(super) fn quoted(payload: &str) -> Option<String> {
    let Ok(ActionPayload::V1(payload)) = serde_json::from_str(payload) else { return None };
    let Act::Send { event_type, content } = payload.act else { return None };
    if event_type == "m.reaction" {
        return None;
    }
    let content: Value = serde_json::from_str(&content).ok()?;
    let body = content.pointer("/m.new_content/body").or_else(|| content.get("body"));
    Some(shortened(body.and_then(Value::as_str).unwrap_or("…"), QUOTED))
}

/// The first so many characters, on one line.
fn shortened(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() <= limit {
        return line.to_owned();
    }
    line.chars().take(limit).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::ActionV1;

    fn sent(event_type: &str, content: &str) -> String {
        let act = Act::Send { event_type: event_type.to_owned(), content: content.to_owned() };
        ActionPayload::V1(ActionV1 { author: None, act, files: Vec::new() }).to_json()
    }

    #[test]
    fn a_note_says_which_message_and_why_in_one_line() {
        let quote = quoted(&sent("m.room.message", r#"{"body":"We are\non it"}"#));
        let said = undelivered(Some("the homeserver does not\nallow it."), true, quote.as_deref());
        assert_eq!(
            said,
            "The message “We are on it” may not have reached the customer: the homeserver does not allow it. It was \
             set aside: whoever operates the bridge can send it again."
        );
    }

    #[test]
    fn of_a_reaction_that_is_lost_nobody_is_told() {
        assert_eq!(quoted(&sent("m.reaction", "{}")), None);
        assert_eq!(quoted("{}"), None);
    }

    #[test]
    fn a_long_message_is_quoted_by_its_beginning() {
        let quote = quoted(&sent("m.room.message", &format!(r#"{{"body":"{}"}}"#, "é".repeat(500))));
        assert_eq!(quote.unwrap().chars().count(), QUOTED + 1);
    }
}
