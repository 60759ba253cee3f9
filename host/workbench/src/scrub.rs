//! Secrets taken out of a case. Those that a tenant has granted are never in it, since requests hold them by name, and the
//! host hides them in what comes back. What is taken out here is what a plugin got hold of by itself: a session's token
//! that a CRM answered, a password in the settings, a key in a URL. It becomes `***` wherever it stands in the case, so
//! that what compares it still compares alike.

mod find;

use std::collections::BTreeSet;

use serde_json::{Value, value::RawValue};

use self::find::Found;
use crate::{
    case::{Answer, Case, Step},
    mask::Stands,
};

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Takes out what is a secret by where it stands.
pub(crate) fn scrub(case: &mut Case) {
    let mut found = Found::default();
    for step in &case.steps {
        found.in_document(&serde_json::from_str(step.settings()).unwrap_or_default());
        step.input.iter().for_each(|value| found.in_document(value));
        for call in &step.calls {
            found.in_document(&call.input);
            found.in_document(&call.answer);
        }
        if let Answer::Ok(value) | Answer::Failure(value) = &step.answer {
            found.in_document(value);
        }
    }
    let names: BTreeSet<&str> = case.steps.iter().flat_map(named).collect();
    let hidden = found.secrets(&names).map(|secret| (secret, HIDDEN.to_owned()));
    let stands = Stands::escaped(hidden);
    for step in &mut case.steps {
        step.input.iter_mut().for_each(|value| hide(value, &stands));
        match &mut step.answer {
            Answer::Ok(value) | Answer::Failure(value) => hide(value, &stands),
            Answer::Error(text) | Answer::Refused(text) => *text = stands.replace(text),
            Answer::Fault(fault) => fault.detail = stands.replace(&fault.detail),
        }
        for call in &mut step.calls {
            hide(&mut call.input, &stands);
            hide(&mut call.answer, &stands);
        }
        step.settings = step.settings.take().map(|settings| {
            let text = stands.replace(settings.get());
            RawValue::from_string(text).unwrap_or(settings)
        });
    }
}

/// Names of secrets are none.
fn named(step: &Step) -> impl Iterator<Item = &str> {
    step.grants.iter().flat_map(|grants| grants.secrets.iter().map(String::as_str))
}

fn hide(value: &mut Value, stands: &Stands) {
    match value {
        Value::String(text) => *text = stands.replace(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, stands)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide(field, stands)),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::VERSION;

    /// An adapter that signs in by itself, with what it was told in its settings.
    fn case() -> Case {
        let header = |name: &str, value: &str| json!({ "name": name, "value": [{ "Text": value }] });
        let granted =
            json!({ "name": "authorization", "value": [{ "Text": "Bearer " }, { "Secret": "crm-token" }] });
        let sign_in = json!({ "function": "http.send",
            "input": [{ "method": "Post", "url": [{ "Text": "https://robot:pass-word-7@crm.example/login?api_key=K3y-of-url" }],
                "headers": [granted], "body": [{ "Bytes": "{\"user\":\"robot\",\"password\":\"hunter-22\"}" }] }],
            "answer": { "Ok": { "status": 200, "headers": [{ "name": "set-cookie", "value": "sid=c00kie-value; Path=/" }],
                "body": "{\"access_token\":\"s3ssion-token\",\"token_type\":\"bearer\"}" } } });
        let call = json!({ "function": "http.send",
            "input": [{ "method": "Get", "url": [{ "Text": "https://crm.example/tickets" }],
                "headers": [header("Authorization", "Bearer s3ssion-token"), header("Cookie", "sid=c00kie-value"),
                    header("x-request", "r-1")], "body": [] }],
            "answer": { "Ok": { "status": 200, "headers": [], "body": "you are s3ssion-token, by K3y-of-url" } } });
        let step = json!({ "function": "adapter.contact", "slot": "adapters.crm",
            "settings": { "url": "https://robot:pass-word-7@crm.example", "password": "hunter-22", "token": "crm-token" },
            "grants": { "secrets": ["crm-token"] }, "input": [{ "id": "a" }],
            "answer": { "failure": { "kind": "Rejected", "detail": "hunter-22 is wrong" } }, "calls": [sign_in, call] });
        Case::parse(&json!({ "patchbay-case": VERSION, "name": "x", "steps": [step] }).to_string()).unwrap()
    }

    #[test]
    fn what_a_plugin_got_hold_of_by_itself_is_hidden_wherever_it_stands() {
        let mut scrubbed = case();
        scrub(&mut scrubbed);
        let text = scrubbed.text();
        for secret in ["pass-word-7", "K3y-of-url", "hunter-22", "c00kie-value", "s3ssion-token"] {
            assert!(case().text().contains(secret) && !text.contains(secret), "{secret} in {text}");
        }
        let call = &scrubbed.steps[0].calls[1];
        assert_eq!(call.input[0]["headers"][0]["value"][0]["Text"], "Bearer ***", "its scheme stays");
        assert_eq!(call.answer["Ok"]["body"], "you are ***, by ***");
    }

    #[test]
    fn what_is_no_secret_stays_and_so_do_the_names_of_secrets() {
        let mut scrubbed = case();
        scrub(&mut scrubbed);
        let step = &scrubbed.steps[0];
        assert!(step.settings().contains(r#""token":"crm-token""#), "{}", step.settings());
        assert_eq!(step.calls[0].input[0]["headers"][0]["value"][1]["Secret"], "crm-token");
        assert_eq!(step.calls[1].input[0]["headers"][2]["value"][0]["Text"], "r-1");
        assert!(step.calls[0].answer["Ok"]["body"].as_str().unwrap().contains(r#""token_type":"bearer""#));
        assert_eq!(step.calls[1].input[0]["url"][0]["Text"], "https://crm.example/tickets");
        let once = scrubbed.text();
        scrub(&mut scrubbed);
        assert_eq!(scrubbed.text(), once, "a second time changes nothing");
    }
}
