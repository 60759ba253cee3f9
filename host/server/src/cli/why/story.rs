//! What `patchbay why` reads out of the host's answer, and how it tells it.

use std::io;

use patchbay_types::Millis;
use serde::Deserialize;
use serde_json::Value;

use super::super::output::{Output, short, time};

/// What is known of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Story {
    events: Vec<Event>,
    entries: Vec<Entry>,
    hooks: Vec<Hook>,
    polls: Vec<Poll>,
    deliveries: Vec<Delivery>,
    actions: Vec<Action>,
    parked: Vec<Parked>,
    traces: Vec<Trace>,
}

#[derive(Debug, Deserialize)]
struct Event {
    seq: i64,
    registration: String,
    room_id: Option<String>,
    received_at: Millis,
    state: String,
    tenant: Option<String>,
    late: bool,
    body: Value,
}

#[derive(Debug, Deserialize)]
struct Entry {
    adapter: String,
    tenant: String,
    ticket: String,
    at: Millis,
}

#[derive(Debug, Deserialize)]
struct Hook {
    adapter: String,
    tenant: String,
    key: String,
    state: String,
    at: Millis,
}

#[derive(Debug, Deserialize)]
struct Poll {
    adapter: String,
    tenant: String,
    at: Millis,
}

#[derive(Debug, Deserialize)]
struct Delivery {
    adapter: String,
    conversation: String,
    ticket: Option<String>,
    state: String,
    attempt: u32,
    last_error: Option<String>,
    parts: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Action {
    room_id: String,
    state: String,
    attempt: u32,
    last_error: Option<String>,
    event_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Parked {
    id: i64,
    reason: String,
    behind: Option<String>,
    resolved_at: Option<Millis>,
}

#[derive(Debug, Deserialize)]
struct Trace {
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    name: String,
    #[serde(default)]
    slot: String,
    component: Option<String>,
    generation: i64,
    at: Millis,
    took_us: u64,
    outcome: String,
    input: Value,
    answer: Value,
}

// === impl Story ===

impl Story {
    /// Tells it in the order in which it happened.
    pub(super) fn tell(&self, id: &str, width: usize, out: &mut Output) -> io::Result<()> {
        out.line(id)?;
        for event in &self.events {
            event.tell(width, out)?;
        }
        for Hook { adapter, tenant, key, state, at } in &self.hooks {
            out.line(format!(
                "{}  came as a webhook to {tenant}/{adapter}: {state}, known by {key}",
                time(*at)
            ))?;
        }
        for Poll { adapter, tenant, at } in &self.polls {
            out.line(format!("{}  came when {tenant}/{adapter} was asked what is new", time(*at)))?;
        }
        for Entry { adapter, tenant, ticket, at } in &self.entries {
            out.line(format!("{}  told by {tenant}/{adapter} of ticket {ticket}", time(*at)))?;
        }
        for step in self.traces.iter().flat_map(|trace| &trace.steps) {
            step.tell(width, out)?;
        }
        for delivery in &self.deliveries {
            delivery.tell(width, out)?;
        }
        for Action { room_id, state, attempt, last_error, event_id } in &self.actions {
            let became = event_id.as_ref().map_or(String::new(), |event| format!(" as {event}"));
            out.line(format!(
                "to Matrix: room {room_id}: {state}{became}{}",
                tries(*attempt, last_error, width)
            ))?;
        }
        for Parked { id, reason, behind, resolved_at } in &self.parked {
            let behind = behind.as_ref().map_or(String::new(), |event| format!(" behind {event}"));
            let now = match resolved_at {
                Some(at) => format!("replayed or discarded {}", time(*at)),
                None => format!("`patchbay parked replay {id}` gives it another turn"),
            };
            out.line(format!("parked as {id}{behind}: {}; {now}", short(reason, width)))?;
        }
        Ok(())
    }
}

impl Event {
    fn tell(&self, width: usize, out: &mut Output) -> io::Result<()> {
        let Self { seq, registration, room_id, received_at, state, tenant, late, body } = self;
        let room = room_id.as_deref().unwrap_or("no room");
        let tenant = tenant.as_deref().unwrap_or("nobody");
        let late = if *late { ", replayed late" } else { "" };
        out.line(format!(
            "{}  received as {seq} by `{registration}` in {room}, tenant {tenant}: {state}{late}",
            time(*received_at)
        ))?;
        excerpt("event", body, width, out)
    }
}

impl Step {
    fn tell(&self, width: usize, out: &mut Output) -> io::Result<()> {
        let who = match &self.component {
            Some(digest) => {
                let digest: String = digest.chars().take(12).collect();
                format!("  {} {digest} generation {}", self.slot, self.generation)
            }
            None => String::new(),
        };
        let took = if self.took_us == 0 { String::new() } else { format!("  {} µs", self.took_us) };
        out.line(format!("{}  {}  {}{who}{took}", time(self.at), self.name, self.outcome))?;
        excerpt("asked", &self.input, width, out)?;
        excerpt("answered", &self.answer, width, out)
    }
}

impl Delivery {
    fn tell(&self, width: usize, out: &mut Output) -> io::Result<()> {
        let ticket = self.ticket.as_ref().map_or(String::new(), |ticket| format!(" ticket {ticket}"));
        let parts =
            if self.parts.is_empty() { String::new() } else { format!(" as {}", self.parts.join(", ")) };
        let tries = tries(self.attempt, &self.last_error, width);
        out.line(format!(
            "to {}: conversation {}{ticket}: {}{parts}{tries}",
            self.adapter, self.conversation, self.state
        ))
    }
}

fn tries(attempt: u32, last_error: &Option<String>, width: usize) -> String {
    let error =
        last_error.as_ref().map_or(String::new(), |error| format!("; last error: {}", short(error, width)));
    if attempt > 1 { format!(" after {attempt} attempts{error}") } else { error }
}

fn excerpt(label: &str, value: &Value, width: usize, out: &mut Output) -> io::Result<()> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) if text.is_empty() => return Ok(()),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    out.line(format!("    {label:<8}  {}", short(&text, width)))
}
