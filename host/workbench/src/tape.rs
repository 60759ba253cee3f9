//! What the host answered when a step was recorded, played again. A call is answered by the record that it belongs to:
//! an effect by its name, a value by its key, everything else in order. What the record does not answer is refused and
//! remembered; so is what was asked otherwise than before, and what is not asked any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    case::Call,
    diff::{Difference, diff},
    text,
};

/// Calls that only look: not to make one again is no difference.
const LOOKS: [&str; 4] = ["clock.now", "store.get", "secrets.verify", "secrets.sign"];

/// RFC 6901's place behind the last element of a list.
const BEYOND: &str = "/calls/-";

/// One step's record, shared by all ports of its call.
#[derive(Debug, Clone)]
pub(crate) struct Tape(Arc<Mutex<Reel>>);

#[derive(Debug)]
struct Reel {
    calls: Vec<Recorded>,
    differences: Vec<Difference>,
}

#[derive(Debug)]
struct Recorded {
    call: Call,
    /// What was asked instead of `call.input`, once it was played.
    asked: Option<Value>,
}

// === impl Tape ===

impl Tape {
    pub(crate) fn new(calls: &[Call]) -> Self {
        let recorded = |call: &Call| {
            let call = Call {
                function: call.function.clone(),
                input: text::steady(&call.function, text::readable(call.input.clone())),
                answer: call.answer.clone(),
            };
            Recorded { call, asked: None }
        };
        Self(Arc::new(Mutex::new(Reel {
            calls: calls.iter().map(recorded).collect(),
            differences: Vec::new(),
        })))
    }

    /// The recorded answer to the first call of `function` that was not played yet and whose input `fits`, or nothing.
    /// A record without input fits whatever is asked.
    pub(crate) fn play<T: DeserializeOwned>(
        &self,
        function: &str,
        input: &impl Serialize,
        fits: impl Fn(&Value) -> bool,
    ) -> Option<T> {
        let input = serde_json::to_value(input).unwrap_or_default();
        let input = text::steady(function, text::readable(input));
        let mut reel = self.reel();
        let found = reel.calls.iter_mut().enumerate().find(|(_, Recorded { call, asked })| {
            asked.is_none() && call.function == function && (call.input.is_null() || fits(&call.input))
        });
        let Some((n, recorded)) = found else {
            reel.differences.push(Difference {
                at: BEYOND.to_owned(),
                expected: None,
                actual: Some(json!({ "function": function, "input": input, "note": "the record has no answer to this" })),
            });
            return None;
        };
        recorded.asked = Some(input.clone());
        let answer_as_recorded = recorded.call.answer.clone();
        let answer = serde_json::from_value(exact_answer(function, answer_as_recorded.clone()));
        // The host writes down nothing of what goes into the desk.
        let differences = match &recorded.call.input {
            Value::Null => Vec::new(),
            expected => diff(&format!("/calls/{n}/input"), expected, &input),
        };
        reel.differences.extend(differences);
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                reel.differences.push(Difference {
                    at: format!("/calls/{n}/answer"),
                    expected: Some(answer_as_recorded),
                    actual: Some(json!({ "note": format!("no answer that `{function}` can give: {error}") })),
                });
                None
            }
        }
    }

    /// What was asked otherwise, beyond the record, or not at all.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        let reel = self.reel();
        let unasked = reel
            .calls
            .iter()
            .enumerate()
            .filter(|(_, recorded)| recorded.asked.is_none() && !recorded.only_looks());
        let unasked = unasked.map(|(n, Recorded { call, .. })| Difference {
            at: format!("/calls/{n}"),
            expected: Some(json!({ "function": call.function, "input": call.input })),
            actual: None,
        });
        reel.differences.iter().cloned().chain(unasked).collect()
    }

    /// The record as it would be of this run: inputs as they were asked, effects that were not asked again left out.
    /// Nothing, where the record had no answer: nobody knows what the world would have said.
    pub(crate) fn renewed(&self) -> Option<Vec<Call>> {
        let reel = self.reel();
        if reel.differences.iter().any(|difference| difference.at == BEYOND) {
            return None;
        }
        let renewed = reel.calls.iter().filter(|recorded| recorded.asked.is_some() || recorded.only_looks());
        let call = |Recorded { call, asked }: &Recorded| match asked {
            Some(asked) if !call.input.is_null() => Call { input: asked.clone(), ..call.clone() },
            _ => call.clone(),
        };
        Some(renewed.map(call).collect())
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Recorded ===

impl Recorded {
    fn only_looks(&self) -> bool {
        LOOKS.contains(&self.call.function.as_str())
    }
}

/// What `store` and `secrets` answer is bytes without a key to know them by.
fn exact_answer(function: &str, answer: Value) -> Value {
    match (function, answer) {
        ("store.get", Value::String(text)) => text::bytes(text.as_bytes()),
        (_, answer) => text::exact(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &str, input: Value, answer: Value) -> Call {
        Call { function: function.to_owned(), input, answer }
    }

    #[test]
    fn a_call_is_answered_by_its_record_and_only_once() {
        let tape = Tape::new(&[
            call("store.get", json!(["a"]), json!([1])),
            call("store.get", json!(["b"]), json!([2])),
        ]);
        let of = |key: &'static str| move |input: &Value| input.pointer("/0") == Some(&json!(key));
        assert_eq!(tape.play::<Vec<u8>>("store.get", &("b",), of("b")), Some(vec![2]));
        assert_eq!(tape.play::<Vec<u8>>("store.get", &("b",), of("b")), None);
        let differences = tape.differences();
        assert_eq!(differences.len(), 1, "a look that is not made again is none: {differences:?}");
        assert_eq!(differences[0].at, "/calls/-");
    }

    #[test]
    fn an_effect_that_is_not_made_again_or_made_otherwise_is_a_difference() {
        let tape = Tape::new(&[
            call("http.forget", json!(["one"]), json!(null)),
            call("http.forget", json!(["two"]), json!(null)),
        ]);
        assert_eq!(tape.play::<()>("http.forget", &("other",), |_| true), Some(()));
        let at: Vec<String> = tape.differences().into_iter().map(|difference| difference.at).collect();
        assert_eq!(at, ["/calls/0/input/0", "/calls/1"]);
        assert_eq!(tape.renewed().unwrap(), [call("http.forget", json!(["other"]), json!(null))]);
    }
}
