//! In whose voice the host says what somebody said in the CRM: a ghost's, or the bot's with a profile of its own at each
//! message (MSC4144), whose name clients that do not know it read in front of the words.

use patchbay_plugin::{Chain, types::Person};
use patchbay_storage::Action;
use patchbay_types::{RegistrationId, TenantId, tenant::SpeakAs};
use serde_json::{Map, Value, json};

use crate::{
    names,
    payload::{Act, ActionPayload, Author},
    shared::Shared,
};

/// The profile, by the name that it has until MSC4144 is part of the specification.
const PROFILE: &str = "com.beeper.per_message_profile";

// === impl Shared ===

impl Shared {
    /// Who does it for this person, and what they do: none is the bot, which says whose words they are.
    pub(crate) fn voice(
        &self,
        (registration, tenant): (&RegistrationId, &TenantId),
        person: &Person,
        chain: &Chain,
        act: Act,
    ) -> (Option<Author>, Act) {
        match (chain.config.matrix.speak_as, act) {
            (SpeakAs::Ghost, act) => (Some(self.ghost(registration, tenant, person, chain)), act),
            (SpeakAs::Bot, Act::Send { event_type, content }) => {
                let content = signed(person, names::shown(person, chain), &event_type, content);
                (None, Act::Send { event_type, content })
            }
            (SpeakAs::Bot, act) => (None, act),
        }
    }
}

/// In whose voice an earlier action was done, where that is still known.
pub(crate) fn of(action: &Action) -> Option<Option<Author>> {
    let ActionPayload::V1(payload) = serde_json::from_str(&action.payload).ok()?;
    Some(payload.author.map(|author| Author { display_name: None, ..author }))
}

/// A message's content with the person's profile, and their name where it is to be read without it.
fn signed(person: &Person, name: Option<String>, event_type: &str, content: String) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(&content) else { return content };
    let name = name.filter(|name| !name.is_empty());
    // What replaces an earlier message is read in its place: it needs the profile as well.
    if let Some(Value::Object(new)) = fields.get_mut("m.new_content") {
        sign(person, name.as_deref(), event_type, new);
    }
    sign(person, name.as_deref(), event_type, &mut fields);
    Value::Object(fields).to_string()
}

fn sign(person: &Person, name: Option<&str>, event_type: &str, fields: &mut Map<String, Value>) {
    let shown = name.is_some_and(|name| event_type == "m.room.message" && put_before(name, fields));
    let mut profile = json!({ "id": person.id });
    if let (Some(name), Some(profile)) = (name, profile.as_object_mut()) {
        profile.insert("displayname".to_owned(), name.into());
        if shown {
            profile.insert("has_fallback".to_owned(), true.into());
        }
    }
    fields.insert(PROFILE.to_owned(), profile);
}

/// Puts the name before the words, as MSC4144 says it, so that a client that knows the profile can take it off again.
/// Answers whether there were words to put it before.
fn put_before(name: &str, fields: &mut Map<String, Value>) -> bool {
    let text =
        |fields: &Map<String, Value>, key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(body) = text(fields, "body") else { return false };
    let is_file = fields.contains_key("url") || fields.contains_key("file") || fields.contains_key("info");
    if is_file && !fields.contains_key("filename") {
        // Without a caption its body is the file's name; with one, that has a field of its own.
        fields.insert("filename".to_owned(), body.as_str().into());
    }
    let html = text(fields, "formatted_body").unwrap_or_else(|| escaped(&body).replace('\n', "<br>"));
    let html = format!("<strong data-mx-profile-fallback>{}: </strong>{html}", escaped(name));
    fields.insert("body".to_owned(), format!("{name}: {body}").into());
    fields.insert("format".to_owned(), "org.matrix.custom.html".into());
    fields.insert("formatted_body".to_owned(), html.into());
    true
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use patchbay_plugin::types::Party;

    use super::*;

    fn ann() -> Person {
        Person {
            id: "odoo:7".into(),
            remote: None,
            party: Party::Agent,
            display_name: Some("Ann".into()),
            phone: None,
            email: None,
            locale: None,
            identifiers: Vec::new(),
            network: None,
            attributes: Vec::new(),
        }
    }

    fn said(name: &str, event_type: &str, content: Value) -> Value {
        serde_json::from_str(&signed(&ann(), Some(name.to_owned()), event_type, content.to_string())).unwrap()
    }

    #[test]
    fn the_name_stands_in_the_profile_and_before_the_words_in_both_forms() {
        let content = json!({ "msgtype": "m.text", "body": "1 < 2\nyes" });
        assert_eq!(
            said("A <b>", "m.room.message", content),
            json!({
                "msgtype": "m.text", "body": "A <b>: 1 < 2\nyes", "format": "org.matrix.custom.html",
                "formatted_body": "<strong data-mx-profile-fallback>A &lt;b&gt;: </strong>1 &lt; 2<br>yes",
                "com.beeper.per_message_profile": { "id": "odoo:7", "displayname": "A <b>", "has_fallback": true },
            })
        );
    }

    #[test]
    fn an_edit_has_the_profile_in_what_replaces_the_words_too() {
        let edit = json!({ "msgtype": "m.text", "body": "* b", "m.new_content": { "msgtype": "m.text", "body": "b" } });
        let edit = said("Ann", "m.room.message", edit);
        assert_eq!(edit["m.new_content"]["body"], "Ann: b");
        assert_eq!(edit["m.new_content"][PROFILE], edit[PROFILE]);
    }

    #[test]
    fn a_file_keeps_its_name_and_a_reaction_its_key() {
        let file = said("Ann", "m.room.message", json!({ "msgtype": "m.file", "body": "a.pdf", "url": "" }));
        assert_eq!((&file["filename"], &file["body"]), (&json!("a.pdf"), &json!("Ann: a.pdf")));
        let relation = json!({ "rel_type": "m.annotation", "event_id": "$e", "key": "👍" });
        let reaction = said("Ann", "m.reaction", json!({ "m.relates_to": relation }));
        assert_eq!(reaction[PROFILE], json!({ "id": "odoo:7", "displayname": "Ann" }));
        assert_eq!(reaction["m.relates_to"], relation);
    }

    #[test]
    fn whoever_has_no_name_has_a_profile_without_one() {
        let content = json!({ "msgtype": "m.text", "body": "a" }).to_string();
        let said: Value = serde_json::from_str(&signed(&ann(), None, "m.room.message", content)).unwrap();
        assert_eq!((&said["body"], &said[PROFILE]), (&json!("a"), &json!({ "id": "odoo:7" })));
    }
}
