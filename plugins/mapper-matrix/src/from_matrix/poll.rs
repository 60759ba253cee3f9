//! Polls: the question and its answers as text; votes are left to clients that can show them.

use patchbay_sdk::prelude::*;
use serde_json::Value;

use super::other;

/// As many answers as Matrix lets a poll have.
const ANSWERS: usize = 20;

pub(super) fn is_start(event_type: &str) -> bool {
    matches!(event_type, "m.poll.start" | "org.matrix.msc3381.poll.start")
}

pub(super) fn is_vote(event_type: &str) -> bool {
    let vote =
        ["m.poll.response", "org.matrix.msc3381.poll.response", "m.poll.end", "org.matrix.msc3381.poll.end"];
    vote.contains(&event_type)
}

pub(super) fn start(event: &Event) -> Content {
    let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
    let poll =
        ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"].iter().find_map(|key| content.get(key));
    Content::Other(other(event, poll.and_then(as_text)))
}

fn as_text(poll: &Value) -> Option<String> {
    let mut plain = format!("Poll: {}", words(poll.get("question")?)?);
    let answers = poll.get("answers").and_then(Value::as_array);
    for (n, answer) in answers.into_iter().flatten().filter_map(words).take(ANSWERS).enumerate() {
        plain.push_str(&format!("\n{}. {answer}", n + 1));
    }
    Some(plain)
}

/// Text as extensible events write it: today as a list of representations, before that as a string.
fn words(node: &Value) -> Option<&str> {
    let text = ["m.text", "org.matrix.msc1767.text", "body"].iter().find_map(|key| node.get(key))?;
    let first = || text.as_array()?.iter().find_map(|one| one.get("body")?.as_str());
    text.as_str().or_else(first)
}
