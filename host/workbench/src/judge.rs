//! Whether what came is what a step expects.

use serde_json::Value;

use crate::{
    case::{Answer, Step},
    diff::{Difference, diff},
    report::{StepReport, Verdict},
    sandbox::Ran,
    text,
};

/// Which rule holds for a recorded fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faults {
    /// A replay: the same fault is the same.
    Count,
    /// A test: a fault is never what anybody wants, so an exported one fails until the plugin answers.
    Fail,
}

/// The report on one step that was run.
pub(crate) fn judge(step: &Step, title: String, ran: &Ran, faults: Faults) -> StepReport {
    let mut differences = compare(&step.answer, &ran.answer);
    differences.extend(ran.asked.iter().cloned());
    let test = faults == Faults::Fail;
    let faulty = test && matches!(step.answer, Answer::Fault(_));
    let unwanted = test && step.unwanted && is_same(&step.answer, &ran.answer);
    let note = match (&ran.answer, faulty) {
        (Answer::Fault(fault), true) => {
            Some(format!("it still ends in a fault ({}: {})", fault.kind, first_line(&fault.detail)))
        }
        (_, true) => Some(
            "recorded as a fault, answered now: look at the answer, then accept it with --update".to_owned(),
        ),
        _ if unwanted => Some(format!("it still answers what had the event parked: {}", said(&ran.answer))),
        (Answer::Fault(fault), false) if !differences.is_empty() => {
            Some(format!("{}: {}", fault.kind, first_line(&fault.detail)))
        }
        _ => None,
    };
    StepReport {
        function: step.function,
        slot: step.slot().to_owned(),
        component: Some(title),
        verdict: if differences.is_empty() && !faulty && !unwanted {
            Verdict::Same
        } else {
            Verdict::Different
        },
        note,
        differences,
        took_us: u64::try_from(ran.took.as_micros()).unwrap_or(u64::MAX),
    }
}

/// The report on one step that was not run.
pub(crate) fn not_run(step: &Step, verdict: Verdict, note: impl Into<String>) -> StepReport {
    StepReport {
        function: step.function,
        slot: step.slot().to_owned(),
        component: step.plugin.as_ref().map(|plugin| format!("{} {}", plugin.name, plugin.version)),
        verdict,
        note: Some(note.into()),
        differences: Vec::new(),
        took_us: 0,
    }
}

/// Whether both answers mean the same.
pub(crate) fn is_same(expected: &Answer, actual: &Answer) -> bool {
    compare(expected, actual).is_empty()
}

fn compare(expected: &Answer, actual: &Answer) -> Vec<Difference> {
    match (expected, actual) {
        (Answer::Ok(expected), Answer::Ok(actual)) => {
            diff("/answer/ok", &text::readable(expected.clone()), actual)
        }
        (Answer::Failure(expected), Answer::Failure(actual)) => {
            diff("/answer/failure", &text::readable(expected.clone()), actual)
        }
        (Answer::Error(expected), Answer::Error(actual)) => {
            diff("/answer/error", &Value::from(expected.as_str()), &Value::from(actual.as_str()))
        }
        (Answer::Fault(expected), Answer::Fault(actual)) => diff(
            "/answer/fault/kind",
            &Value::from(expected.kind.as_str()),
            &Value::from(actual.kind.as_str()),
        ),
        (expected, actual) => vec![Difference {
            at: "/answer".to_owned(),
            expected: serde_json::to_value(expected).ok(),
            actual: serde_json::to_value(actual).ok(),
        }],
    }
}

/// What an answer says that is no value.
fn said(answer: &Answer) -> String {
    match answer {
        Answer::Ok(value) | Answer::Failure(value) => value.to_string(),
        Answer::Error(words) | Answer::Refused(words) => words.clone(),
        Answer::Fault(fault) => fault.detail.clone(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
