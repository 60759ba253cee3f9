//! Who is in a case: names and identifiers where the contract has people, and whatever looks like a user ID, a mail or
//! a phone. Each gets a pseudonym, counted in the order in which they are met.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    stands::Stands,
    words::{blank, blank_html},
};

/// What stands for whom.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    /// By what is replaced.
    of: BTreeMap<String, String>,
    people: u32,
    servers: u32,
    /// What somebody said.
    spoken: BTreeSet<String>,
    /// People, once all are known.
    inside: Stands,
    /// The same, and what was said, for what went outside.
    outside: Stands,
}

/// What looks like somebody's.
struct Matchers {
    user: Regex,
    mail: Regex,
    phone: Regex,
}

/// Constant patterns, which always build.
static MATCHERS: LazyLock<Option<Matchers>> = LazyLock::new(|| {
    let user = Regex::new(r"@([A-Za-z0-9._=/+-]+):([A-Za-z0-9.-]+(?::\d{1,5})?)").ok()?;
    let mail = Regex::new(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+").ok()?;
    let phone = Regex::new(r"\+\d{7,15}").ok()?;
    Some(Matchers { user, mail, phone })
});

/// Shorter names stand inside of too many other words.
const LEAST: usize = 3;

// === impl Pseudonyms ===

impl Pseudonyms {
    /// Takes in everybody in `value`.
    pub(super) fn collect(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(fields) => {
                if fields.contains_key("party") {
                    self.person(fields);
                }
                for (key, field) in fields {
                    if let ("displayname" | "display_name", Value::String(name)) = (key.as_str(), field) {
                        self.named(name);
                    }
                    self.collect(field);
                }
            }
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(document @ (Value::Object(_) | Value::Array(_))) => self.collect(&document),
                _ => self.patterns_in(text),
            },
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    /// Takes in what looks like somebody's, and nothing else.
    pub(super) fn patterns(&mut self, value: &Value) {
        self.patterns_in(&value.to_string());
    }

    /// Takes in what somebody said.
    pub(super) fn spoken(&mut self, text: &str) {
        if text.chars().count() >= LEAST {
            self.spoken.insert(text.to_owned());
        }
    }

    /// From here on it only replaces.
    pub(super) fn settle(mut self) -> Self {
        let people: Vec<_> = std::mem::take(&mut self.of).into_iter().collect();
        self.inside = Stands::plain(people.clone());
        let spoken = std::mem::take(&mut self.spoken);
        let said = spoken.into_iter().map(|text| (self.said(&text), text)).map(|(blank, text)| (text, blank));
        // People first: what was said may be nothing but a name.
        self.outside = Stands::escaped(people.into_iter().chain(said));
        self
    }

    /// The text with everybody replaced.
    pub(super) fn replace(&self, text: &str) -> String {
        self.inside.replace(text)
    }

    /// What went to a CRM or came from it, with everybody replaced, and what somebody said.
    pub(super) fn replace_outside(&self, text: &str) -> String {
        self.outside.replace(text)
    }

    /// What somebody said: of the same length, without a word of it.
    pub(super) fn said(&self, text: &str) -> String {
        if text.contains('<') && text.contains('>') {
            return blank_html(text, |tag| self.replace(tag));
        }
        blank(text)
    }

    fn person(&mut self, fields: &Map<String, Value>) {
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if let Some(id) = text("id") {
            self.identified(id);
        }
        for key in ["phone", "email"] {
            if let Some(text) = text(key) {
                self.patterns_in(text);
                self.put(text, "masked");
            }
        }
        for identifier in fields.get("identifiers").and_then(Value::as_array).into_iter().flatten() {
            if let Some(identifier) = identifier.as_str() {
                self.identified(identifier);
            }
        }
    }

    /// `@local:server`, `network:identifier`, or a word.
    fn identified(&mut self, id: &str) {
        self.patterns_in(id);
        if !id.starts_with('@')
            && self.is_new(id)
            && let Some((network, _)) = id.split_once(':')
        {
            self.people += 1;
            let pseudonym = format!("{network}:person{}", self.people);
            self.put(id, &pseudonym);
        }
    }

    fn named(&mut self, name: &str) {
        if self.is_new(name) {
            self.people += 1;
            let pseudonym = format!("Person {}", self.people);
            self.put(name, &pseudonym);
        }
    }

    fn patterns_in(&mut self, text: &str) {
        let Some(Matchers { user, mail, phone }) = &*MATCHERS else { return };
        for found in user.captures_iter(text) {
            let (Some(whole), Some(server)) = (found.get(0), found.get(2)) else { continue };
            self.user(whole.as_str(), server.as_str());
        }
        for found in mail.find_iter(text) {
            if self.is_new(found.as_str()) {
                self.people += 1;
                let pseudonym = format!("person{}@masked.invalid", self.people);
                self.put(found.as_str(), &pseudonym);
            }
        }
        for found in phone.find_iter(text) {
            if self.is_new(found.as_str()) {
                self.people += 1;
                // No country has this code.
                let pseudonym = format!("+999{:08}", self.people);
                self.put(found.as_str(), &pseudonym);
                // As in a URI, or in a network's identifier.
                let digits = found.as_str().trim_start_matches('+');
                self.put(digits, pseudonym.trim_start_matches('+'));
            }
        }
    }

    fn user(&mut self, id: &str, server: &str) {
        if !self.is_new(id) {
            return;
        }
        if !self.of.contains_key(server) {
            self.servers += 1;
            let pseudonym = format!("server{}.invalid", self.servers);
            self.put(server, &pseudonym);
        }
        let server = self.of.get(server).cloned().unwrap_or_default();
        self.people += 1;
        let pseudonym = format!("@person{}:{server}", self.people);
        self.put(id, &pseudonym);
    }

    fn is_new(&self, text: &str) -> bool {
        text.chars().count() >= LEAST && !self.of.contains_key(text) && !is_pseudonym(text)
    }

    fn put(&mut self, text: &str, pseudonym: &str) {
        if self.is_new(text) {
            self.of.entry(text.to_owned()).or_insert_with(|| pseudonym.to_owned());
        }
    }
}

/// What was masked before stays as it is.
fn is_pseudonym(text: &str) -> bool {
    let counted = |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
    text.ends_with(".invalid")
        || text.starts_with("+999")
        || text == "masked"
        || text.strip_prefix("Person ").is_some_and(counted)
        || text.split_once(":person").is_some_and(|(_, rest)| counted(rest))
}
