//! What stands behind an adapter's imports when a step is asked again: nothing but the [`Tape`]. Nothing leaves the
//! machine, and nothing is written anywhere.

use async_trait::async_trait;
use patchbay_plugin::{
    Ports,
    desk::{Line, Unknown},
    http::{Failure, Request, Response},
    ports::{Desk, Http, KeyValue, Secrets},
    secrets::Algorithm,
    types::{Change, Person, Text},
};
use patchbay_types::Millis;
use serde_json::Value;

use crate::tape::Tape;

/// Every port of one call, over the same tape. What was not granted is refused before the component runs.
pub(crate) fn ports(tape: &Tape, now: Millis) -> Ports {
    Ports {
        store: Some(Box::new(Played(tape.clone()))),
        desk: Some(Box::new(Played(tape.clone()))),
        http: Some(Box::new(Played(tape.clone()))),
        secrets: Some(Box::new(Played(tape.clone()))),
        ..Ports::none(now)
    }
}

struct Played(Tape);

#[async_trait]
impl Http for Played {
    async fn send(&mut self, request: Request) -> Result<Response, Failure> {
        let asked = serde_json::to_value(&request).unwrap_or_default();
        let same = |at: &'static str| {
            let asked = asked.pointer(at).cloned().unwrap_or_default();
            move |input: &Value| input.pointer(&format!("/0{at}")).unwrap_or(&Value::Null) == &asked
        };
        let (step, method, url) = (same("/step"), same("/method"), same("/url"));
        // A step goes by its name alone: what it asks is compared, and shown where it differs.
        let named = request.step.is_some();
        let fits = |input: &Value| step(input) && (named || method(input) && url(input));
        let answer = self.0.play("http.send", &(&request,), fits);
        answer.unwrap_or_else(|| {
            Err(Failure::Denied("this request is not in the record that is replayed".to_owned()))
        })
    }

    async fn forget(&mut self, step: String) {
        let _: Option<()> = self.0.play("http.forget", &(&step,), |input| is(input, "/0", &step));
    }
}

impl Secrets for Played {
    fn verify(&mut self, algorithm: Algorithm, secret: &str, _: &[u8], _: &[u8]) -> bool {
        self.0.play("secrets.verify", &(algorithm, secret), |input| is(input, "/1", secret)).unwrap_or(false)
    }

    fn sign(&mut self, algorithm: Algorithm, secret: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.0.play("secrets.sign", &(algorithm, secret), |input| is(input, "/1", secret));
        answer.unwrap_or_else(|| Err("this signature is not in the record that is replayed".to_owned()))
    }
}

#[async_trait]
impl KeyValue for Played {
    async fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.0.play("store.get", &(key,), |input| is(input, "/0", key)).unwrap_or(None)
    }

    fn set(&mut self, key: &str, _: Vec<u8>) -> Result<(), String> {
        let answer = self.0.play("store.set", &(key,), |input| is(input, "/0", key));
        answer.unwrap_or_else(|| Err("this write is not in the record that is replayed".to_owned()))
    }

    /// The host does not write these down.
    fn delete(&mut self, _: &str) {}
}

impl Desk for Played {
    fn create(&mut self, conversation: String, customer: Person) -> String {
        self.0
            .play("desk.create", &(conversation, customer), any)
            .unwrap_or_else(|| "not-recorded".to_owned())
    }

    fn write(&mut self, ticket: String, line: Line) -> Result<String, Unknown> {
        self.0.play("desk.write", &(&ticket, line), any).unwrap_or(Err(Unknown::Ticket(ticket)))
    }

    fn rewrite(&mut self, ticket: String, line: String, text: Text) -> Result<(), Unknown> {
        self.0.play("desk.rewrite", &(&ticket, line, text), any).unwrap_or(Err(Unknown::Ticket(ticket)))
    }

    fn remove(&mut self, ticket: String, line: String) -> Result<(), Unknown> {
        self.0.play("desk.remove", &(&ticket, line), any).unwrap_or(Err(Unknown::Ticket(ticket)))
    }

    fn react(
        &mut self,
        ticket: String,
        line: String,
        key: String,
        by: Person,
        on: bool,
    ) -> Result<(), Unknown> {
        let input = (&ticket, line, key, by, on);
        self.0.play("desk.react", &input, any).unwrap_or(Err(Unknown::Ticket(ticket)))
    }

    fn alter(&mut self, ticket: String, change: Change) -> Result<(), Unknown> {
        self.0.play("desk.alter", &(&ticket, change), any).unwrap_or(Err(Unknown::Ticket(ticket)))
    }
}

/// The desk's calls come in order.
fn any(_: &Value) -> bool {
    true
}

fn is(input: &Value, at: &str, text: &str) -> bool {
    input.pointer(at).and_then(Value::as_str) == Some(text)
}
