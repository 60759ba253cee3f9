//! What a guest answered, looked at before anybody believes it. Its size was bounded while it was lifted; here its
//! JSON texts are, which somebody will parse by recursion.

use crate::{
    call::FaultKind,
    state::Wall,
    wit::{
        exports::patchbay::plugin::{
            adapter::{Failure, Health, Opened, Written},
            mapping::{Action, Mapped, RoomPlan},
            polling::Page,
            routing::Decision,
            webhooks::{self, Batch},
        },
        patchbay::plugin::types::{Content, Entry, Message, News},
    },
};

/// serde_json gives up at 128.
const MOST_NESTED: u32 = 100;

/// Something that a guest answers.
pub(crate) trait Answer {
    /// Shows every JSON text in it to `look`.
    fn json(&self, look: &mut dyn FnMut(&str));

    /// Whether the guest itself calls this a failure.
    fn is_error(&self) -> bool {
        false
    }
}

/// # Errors
/// When a JSON text in the answer is nested too deeply.
pub(crate) fn check(answer: &impl Answer) -> Result<(), Wall> {
    let mut deep = false;
    answer.json(&mut |json| deep |= nested_deeper(json, MOST_NESTED));
    if deep {
        let detail = format!("JSON that is nested more than {MOST_NESTED} levels deep");
        return Err(Wall { kind: FaultKind::Output, detail });
    }
    Ok(())
}

/// Whether brackets, outside of strings, are open more than `most` levels deep somewhere.
fn nested_deeper(json: &str, most: u32) -> bool {
    let mut depth = 0u32;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

impl<T: Answer, E> Answer for Result<T, E> {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        if let Ok(value) = self {
            value.json(look);
        }
    }

    fn is_error(&self) -> bool {
        self.is_err()
    }
}

impl<T: Answer> Answer for Vec<T> {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        self.iter().for_each(|one| one.json(look));
    }
}

macro_rules! without_json {
    ($($name:ty),*) => { $(impl Answer for $name { fn json(&self, _: &mut dyn FnMut(&str)) {} })* };
}

without_json!((), String, Opened, Written, Failure, Health, Decision, webhooks::Answer);

impl Answer for Mapped {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        if let Self::Message(said) = self {
            said.message.json(look);
        }
    }
}

impl Answer for Message {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        if let Content::Other(other) = &self.content {
            look(&other.data);
        }
    }
}

impl Answer for Action {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        match self {
            Self::Send(send) => look(&send.content),
            Self::State(state) => look(&state.content),
            Self::Redact(_) | Self::MarkRead(_) | Self::Typing(_) => {}
        }
    }
}

impl Answer for RoomPlan {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        self.state.iter().for_each(|state| look(&state.content));
    }
}

impl Answer for Batch {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        self.entries.json(look);
    }
}

impl Answer for Page {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        self.entries.json(look);
    }
}

impl Answer for Entry {
    fn json(&self, look: &mut dyn FnMut(&str)) {
        match &self.news {
            News::Message(message) | News::Note(message) => message.json(look),
            News::Other(other) => look(&other.data),
            News::Opening(_) | News::Changed(_) | News::Report(_) | News::Signal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nested_deeper;

    #[test]
    fn only_brackets_outside_of_strings_count() {
        assert!(!nested_deeper(r#"{"a":[1,{"b":2}],"c":[[]]}"#, 3));
        assert!(nested_deeper("[[[[]]]]", 3));
        assert!(nested_deeper(&"[".repeat(10_000), 100));
        assert!(!nested_deeper(r#"["[[[[", "\"[[[[", "\\"]"#, 1));
    }
}
