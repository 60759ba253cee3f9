//! From what a host recorded of an event to a case.

use std::collections::BTreeMap;

use patchbay_plugin::FaultKind;
use patchbay_types::{
    Digest, Millis, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    case::{Answer, Call, Case, Fault, Function, MadeBy, Step, VERSION},
    scrub::scrub,
    text,
};

/// All that the host knows of an event's steps, as its admin API exports it.
#[derive(Debug, Clone, Deserialize)]
pub struct Exported {
    /// The event, or the entry of a CRM's news.
    pub event: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its steps, the host's own among them, in order.
    pub steps: Vec<Recorded>,
    /// Components by digest, in base64, where they were wanted.
    #[serde(default)]
    pub components: BTreeMap<Digest, String>,
}

/// One step of a trace, and what filled its slot then.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    /// Such as `mapper.from-matrix`.
    pub name: String,
    /// The slot; empty where the host itself acted.
    #[serde(default)]
    pub slot: String,
    /// The component's digest.
    #[serde(default)]
    pub component: Option<Digest>,
    /// The tenant's generation.
    #[serde(default)]
    pub generation: i64,
    /// When it began.
    pub at: Millis,
    /// `ok`, `error`, or the wall that was hit.
    pub outcome: String,
    /// What went in, as JSON text.
    pub input: String,
    /// What came out, as JSON text.
    pub answer: String,
    /// What it asked of the host.
    #[serde(default)]
    pub calls: Vec<RecordedCall>,
    /// What filled the slot, where the host still knows.
    #[serde(default)]
    pub filled: Option<Filled>,
    /// Why the host does not know it any more.
    #[serde(default)]
    pub missing: Option<String>,
}

/// One thing that a plugin asked of the host.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedCall {
    /// Interface and function.
    pub function: String,
    /// The arguments, as JSON text.
    pub input: String,
    /// What was answered, as JSON text.
    pub answer: String,
}

/// What filled a slot of a generation.
#[derive(Debug, Clone, Deserialize)]
pub struct Filled {
    /// Name and version of the component, as its manifest says them.
    #[serde(default)]
    pub plugin: Option<(String, String)>,
    /// The settings, as JSON text.
    pub settings: String,
    /// What it was granted.
    pub grants: Grants,
    /// The most it may use.
    pub limits: Limits,
    /// How long an instance lives.
    pub instance: InstancePolicy,
}

/// The steps that can be asked again, as a case. The host's own steps, and those of a function that nothing here can
/// call, are left out.
///
/// # Errors
/// With a sentence, when there is no such step, or one cannot be understood.
pub fn case_of(exported: Exported) -> Result<Case, String> {
    let Exported { event, tenant, steps, components } = exported;
    let mut asked = Vec::new();
    for recorded in steps {
        let Some(function) = Function::named(&recorded.name) else { continue };
        let title = format!("{function} at {}", recorded.at);
        let step = step(function, recorded).map_err(|why| format!("{title}: {why}"))?;
        // What faults is tried twice before it is parked.
        asked.extend(step.filter(|step| !asked.iter().any(|known: &Step| known.repeats(step))));
    }
    if asked.is_empty() {
        return Err(format!("no plugin was asked about `{event}`, so there is nothing to ask again"));
    }
    let used = |digest: &Digest| asked.iter().any(|step| step.component == Some(*digest));
    let components = components.into_iter().filter(|(digest, _)| used(digest)).collect();
    let (name, event) = (event.clone(), Some(event));
    let mut case =
        Case { version: VERSION, name, tenant: Some(tenant), event, masked: false, steps: asked, components };
    scrub(&mut case);
    Ok(case)
}

fn step(function: Function, recorded: Recorded) -> Result<Option<Step>, String> {
    let Recorded { slot, component, generation, at, outcome, input, answer, calls, filled, missing, .. } =
        recorded;
    let Some(answer) = self::answer(function, &outcome, json(&answer)?) else { return Ok(None) };
    let mut calls: Vec<Call> = calls.into_iter().map(call).collect::<Result<_, _>>()?;
    // A record that grew too long ends with this, and says what is not in it.
    let cut = calls.pop_if(|last| last.function == "record.full");
    let missing =
        missing.or_else(|| Some(cut?.answer.as_str().unwrap_or("its record is not whole").to_owned()));
    let clock = calls.iter().find(|call| call.function == "clock.now");
    let now = clock.and_then(|call| call.answer.as_u64()).unwrap_or(at);
    // A function of one parameter is traced with that alone.
    let input = match text::readable(json(&input)?) {
        Value::Array(input) => input,
        single => vec![single],
    };
    let mut step = Step {
        function,
        slot,
        plugin: None,
        component,
        generation: u64::try_from(generation).ok(),
        settings: None,
        missing,
        grants: None,
        limits: Limits::default(),
        instance: InstancePolicy::default(),
        now,
        input,
        answer,
        unwanted: false,
        calls,
    };
    if let Some(Filled { plugin, settings, grants, limits, instance }) = filled {
        step.plugin = plugin.map(|(name, version)| MadeBy { name, version });
        step.settings =
            Some(RawValue::from_string(settings).map_err(|error| format!("its settings: {error}"))?);
        (step.grants, step.limits, step.instance) = (Some(grants), limits, instance);
    }
    Ok(Some(step))
}

fn call(recorded: RecordedCall) -> Result<Call, String> {
    let RecordedCall { function, input, answer } = recorded;
    let input = text::steady(&function, text::readable(json(&input)?));
    Ok(Call { function, input, answer: text::readable(json(&answer)?) })
}

/// What a trace has as outcome and answer. Nothing: the component does not have that function.
fn answer(function: Function, outcome: &str, answer: Value) -> Option<Answer> {
    let answer = text::readable(answer);
    let words = |answer: Value| match answer {
        Value::String(words) => words,
        other => other.to_string(),
    };
    // An adapter's answer is a result, and so is that of `receive`; mappers and routers answer the value alone.
    let fails = !matches!(
        function,
        Function::FromMatrix | Function::ToMatrix | Function::PlanRoom | Function::Decide | Function::Accept
    );
    match outcome {
        "ok" if answer.is_null() => None,
        "ok" if fails => match answer {
            Value::Object(mut result) => match (result.remove("Ok"), result.remove("Err")) {
                (Some(value), _) => Some(Answer::Ok(value)),
                (None, Some(failure)) => Some(Answer::Failure(failure)),
                (None, None) => Some(Answer::Ok(Value::Object(result))),
            },
            other => Some(Answer::Ok(other)),
        },
        "ok" => Some(Answer::Ok(answer)),
        "error" => Some(Answer::Error(words(answer))),
        wall => {
            let kind = serde_json::from_value(Value::from(wall)).unwrap_or(FaultKind::Trap);
            Some(Answer::Fault(Fault { kind, detail: words(answer) }))
        }
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it was not recorded as JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recorded(name: &str, outcome: &str, input: Value, answer: Value) -> Recorded {
        let step = json!({ "name": name, "slot": "x", "at": 7, "outcome": outcome, "input": input.to_string(),
            "answer": answer.to_string(), "calls": [{ "function": "clock.now", "input": "null", "answer": "9" }] });
        serde_json::from_value(step).unwrap()
    }

    fn exported(steps: Vec<Recorded>) -> Exported {
        Exported { event: "$e".into(), tenant: TenantId::new("acme"), steps, components: BTreeMap::new() }
    }

    #[test]
    fn each_outcome_of_a_trace_has_its_form() {
        let case = case_of(exported(vec![
            recorded("ignore", "ignored", json!(null), json!("the host's own")),
            recorded("router.decide", "ok", json!([1, 2, 3]), json!({ "routes": [] })),
            recorded("mapper.to-matrix", "error", json!({ "conversation": "c" }), json!("no")),
            recorded("adapter.open", "ok", json!([1, 2]), json!({ "Err": { "kind": "Busy" } })),
            recorded("adapter.update", "ok", json!([1, 2, 3]), json!({ "Ok": null })),
            recorded("adapter.append", "timeout", json!([1, 2, 3]), json!("too long")),
            recorded(
                "webhooks.receive",
                "ok",
                json!({ "body": [104, 105] }),
                json!({ "Ok": { "entries": [] } }),
            ),
        ]))
        .unwrap();
        let answers: Vec<Answer> = case.steps.iter().map(|step| step.answer.clone()).collect();
        let fault = Fault { kind: FaultKind::Timeout, detail: "too long".into() };
        assert_eq!(
            answers,
            [
                Answer::Ok(json!({ "routes": [] })),
                Answer::Error("no".into()),
                Answer::Failure(json!({ "kind": "Busy" })),
                Answer::Ok(Value::Null),
                Answer::Fault(fault),
                Answer::Ok(json!({ "entries": [] })),
            ]
        );
        assert_eq!(case.steps[1].input, [json!({ "conversation": "c" })], "one parameter is a list of one");
        assert_eq!(case.steps[5].input, [json!({ "body": "hi" })]);
        assert_eq!(case.steps[0].now, 9, "what the clock showed, where it was asked");
    }

    #[test]
    fn a_step_whose_record_is_not_whole_says_so_and_is_not_asked_again() {
        let mut step = recorded("adapter.open", "ok", json!([1, 2]), json!({ "Ok": null }));
        let more = json!({ "function": "record.full", "input": "[]", "answer": "\"`http.send` and what followed\"" });
        step.calls.push(serde_json::from_value(more).unwrap());
        let step = case_of(exported(vec![step])).unwrap().steps.remove(0);
        assert_eq!(step.missing.as_deref(), Some("`http.send` and what followed"));
        assert_eq!(step.calls.len(), 1, "what is in it is kept");
    }

    #[test]
    fn a_case_is_scrubbed_whoever_asks_for_it() {
        let step =
            recorded("adapter.open", "ok", json!([{ "password": "hunter-22" }, 2]), json!({ "Ok": null }));
        assert!(!case_of(exported(vec![step])).unwrap().text().contains("hunter-22"));
    }

    #[test]
    fn an_attempt_that_was_but_repeated_is_one_step() {
        let twice = || recorded("router.decide", "trap", json!([1, 2, 3]), json!("unreachable"));
        let other = recorded("router.decide", "ok", json!([1, 2, 3]), json!({ "routes": [] }));
        assert_eq!(case_of(exported(vec![twice(), twice(), other])).unwrap().steps.len(), 2);
    }

    #[test]
    fn an_event_that_no_plugin_was_asked_about_is_no_case() {
        let steps = vec![recorded("owner", "nobody", json!(null), json!("x"))];
        assert!(case_of(exported(steps)).unwrap_err().contains("no plugin"));
    }
}
