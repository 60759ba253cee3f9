//! From a step to the plugin's call, and from what it answers back to the form that cases have.

use std::time::Duration;

use patchbay_plugin::{
    CallError, Caller, Plugin, Ports, Timed,
    adapter::{self, Failure},
    mapping, routing, types, webhooks,
};
use patchbay_types::TenantId;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{PATIENCE, Sandbox, expects_timeout};
use crate::{
    case::{Answer, Fault, Function, Step},
    text,
};

/// The host gives an adapter this long to accept a webhook.
const ACCEPT: Duration = Duration::from_millis(300);

/// An answer, how long it took, and the fuel that it used.
pub(super) type Ended = (Answer, Duration, Option<u64>);
type Called<T> = Result<Timed<T>, CallError>;

// === impl Sandbox ===

impl Sandbox {
    /// # Errors
    /// With a sentence, when the step's input is not what the function takes.
    pub(super) fn dispatch(&self, step: &Step, plugin: &Plugin, ports: Ports) -> Result<Ended, String> {
        let caller = Caller { tenant: TenantId::new("-"), slot: step.slot().into(), about: None };
        let input = &step.input;
        Ok(match step.function {
            Function::FromMatrix => {
                let (event, room): (mapping::Event, types::Room) = read(input)?;
                pure(plugin.from_matrix(&caller, &event, &room))
            }
            Function::ToMatrix => {
                let (update,): (mapping::Update,) = read(input)?;
                pure(plugin.to_matrix(&caller, &update))
            }
            Function::PlanRoom => {
                let (opening, room): (types::Opening, Option<types::Room>) = read(input)?;
                pure(plugin.plan_room(&caller, &opening, room.as_ref()))
            }
            Function::Decide => {
                let (message, conversation, now): (types::Message, routing::Conversation, u64) = read(input)?;
                pure(plugin.decide(&caller, &message, &conversation, now))
            }
            Function::Contact => {
                let (person, call): (types::Person, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.contact(&caller, ports, &person, &call)))
            }
            Function::Open => {
                let (draft, call): (adapter::Draft, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.open(&caller, ports, &draft, &call)))
            }
            Function::Append => {
                let (ticket, items, call): (String, Vec<adapter::Item>, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.append(&caller, ports, &ticket, &items, &call)))
            }
            Function::Update => {
                let (ticket, changes, call): (String, types::Changes, adapter::Call) = read(input)?;
                effect(self.tokio.block_on(plugin.update(&caller, ports, &ticket, &changes, &call)))
            }
            Function::Accept => {
                let (webhook,): (webhooks::Webhook,) = read(input)?;
                // `http` and `store` do not work here.
                let ports = Ports { http: None, store: None, desk: None, ..ports };
                let within = if expects_timeout(step) { ACCEPT } else { PATIENCE.0 };
                pure(present(self.tokio.block_on(plugin.accept(&caller, ports, &webhook, within)))?)
            }
            Function::Receive => {
                let (webhook,): (webhooks::Webhook,) = read(input)?;
                effect(present(self.tokio.block_on(plugin.receive(&caller, ports, &webhook)))?)
            }
        })
    }
}

/// The parameters, as the contract's own values.
fn read<T: DeserializeOwned>(input: &[Value]) -> Result<T, String> {
    serde_json::from_value(text::exact(Value::Array(input.to_vec()))).map_err(|error| error.to_string())
}

fn shown(value: &impl Serialize) -> Value {
    text::readable(serde_json::to_value(value).unwrap_or_default())
}

fn pure<T: Serialize>(called: Called<T>) -> Ended {
    match called {
        Ok(Timed { value, took, fuel }) => (Answer::Ok(shown(&value)), took, fuel),
        Err(error) => ended_early(error),
    }
}

fn effect<T: Serialize>(called: Called<(Result<T, Failure>, Ports)>) -> Ended {
    match called {
        Ok(Timed { value: (Ok(value), _), took, fuel }) => (Answer::Ok(shown(&value)), took, fuel),
        Ok(Timed { value: (Err(failure), _), took, fuel }) => (Answer::Failure(shown(&failure)), took, fuel),
        Err(error) => ended_early(error),
    }
}

fn ended_early(error: CallError) -> Ended {
    let answer = match error {
        CallError::Guest(said) => Answer::Error(said),
        CallError::Fault(fault) => Answer::Fault(Fault { kind: fault.kind, detail: fault.detail }),
    };
    (answer, Duration::ZERO, None)
}

/// What an adapter without `webhooks` does not answer.
fn present<T>(called: Called<Option<T>>) -> Result<Called<T>, String> {
    match called {
        Ok(Timed { value: Some(value), took, fuel }) => Ok(Ok(Timed { value, took, fuel })),
        Ok(Timed { value: None, .. }) => Err("this adapter exports no `webhooks`".to_owned()),
        Err(error) => Ok(Err(error)),
    }
}
