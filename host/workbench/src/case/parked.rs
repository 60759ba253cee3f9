//! From what was recorded of something that was set aside to a test that fails until its plugin is better.

use patchbay_types::Digest;

use super::{Answer, Case, Step};

// === impl Case ===

impl Case {
    /// Leaves what `component` was asked in `slot`, each function as it was asked last: earlier attempts, and builds that
    /// were in its place before, tell nothing more. The last of them is why it was set aside. Answers whether it was
    /// asked at all.
    pub fn keep_parked(&mut self, slot: &str, component: Option<Digest>) -> bool {
        self.steps.retain(|step| step.slot() == slot && (component.is_none() || step.component == component));
        let mut asked: Vec<Step> = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            asked.retain(|known| known.function != step.function);
            asked.push(step);
        }
        if let Some(last) = asked.last_mut() {
            last.unwanted = matches!(last.answer, Answer::Failure(_) | Answer::Error(_));
        }
        self.steps = asked;
        self.drop_unused();
        !self.steps.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";

    fn step(function: &str, component: &str, attempt: u32, answer: Value) -> Value {
        json!({ "function": function, "slot": "adapters.crm", "component": component,
            "input": [attempt], "answer": answer })
    }

    fn case(steps: &[Value]) -> Case {
        Case::parse(&json!({ "patchbay-case": 1, "name": "x", "steps": steps }).to_string()).unwrap()
    }

    #[test]
    fn each_function_is_kept_as_the_component_at_fault_was_asked_last() {
        let fault = json!({ "fault": { "kind": "trap" } });
        let mut case = case(&[
            step("adapter.open", TWO, 1, fault.clone()),
            step("adapter.contact", ONE, 1, json!({ "ok": "c" })),
            step("adapter.open", ONE, 2, fault.clone()),
            step("adapter.open", ONE, 3, fault),
        ]);
        assert!(case.keep_parked("adapters.crm", Some(ONE.parse().unwrap())));
        let kept: Vec<_> =
            case.steps.iter().map(|step| (step.function.name(), step.input[0].clone())).collect();
        assert_eq!(kept, [("adapter.contact", json!(1)), ("adapter.open", json!(3))]);
        assert!(!case.keep_parked("router", None), "it was never asked there");
    }

    #[test]
    fn an_answer_that_parked_the_event_is_unwanted_and_those_before_it_are_not() {
        let mut case = case(&[
            step("adapter.contact", ONE, 1, json!({ "failure": { "kind": "Busy" } })),
            step("adapter.open", ONE, 1, json!({ "failure": { "kind": "Rejected" } })),
        ]);
        case.keep_parked("adapters.crm", None);
        assert_eq!(case.steps.iter().map(|step| step.unwanted).collect::<Vec<_>>(), [false, true]);
        assert!(Case::parse(&case.text()).unwrap().steps[1].unwanted, "it is written and read");
    }
}
