//! Cases: run, replayed, accepted.

use std::path::PathBuf;

use patchbay_workbench::{
    Answer, Case, Component, Components, Difference, Report, Sandbox, Verdict, replay, test, update,
};
use serde_json::{Value, json};

use crate::{
    components::component,
    samples::{case, opening, routing},
};

fn file(dir: &tempfile::TempDir, case: &Case) -> PathBuf {
    let path = dir.path().join("case.json");
    case.write_new(&path).unwrap();
    path
}

fn replayed(sandbox: &Sandbox, case: &Case, component: &Component) -> (Verdict, Vec<Difference>) {
    let report = replay(sandbox, case, &Components::default(), Some(component), None);
    let step = report.cases[0].steps[0].clone();
    (step.verdict, step.differences)
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.cases.iter().flat_map(|case| case.steps.iter().map(|step| step.verdict)).collect()
}

#[test]
fn what_is_answered_now_is_accepted_once_and_the_same_ever_after() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case(json!([routing("desk")])))];
    assert_eq!(verdicts(&test(&sandbox, &router, &files, None)), [Verdict::Different]);
    assert_eq!(verdicts(&update(&sandbox, &router, &files, None).unwrap()), [Verdict::Updated]);
    assert_eq!(verdicts(&test(&sandbox, &router, &files, None)), [Verdict::Same]);

    let text = std::fs::read_to_string(&files[0]).unwrap();
    std::fs::write(&files[0], text.replace(r#""adapter": "desk""#, r#""adapter": "crm""#)).unwrap();
    let report = test(&sandbox, &router, &files, None);
    let differences = &report.cases[0].steps[0].differences;
    assert_eq!(differences.len(), 1, "{report:#?}");
    assert_eq!(differences[0].at, "/answer/ok/routes/0/adapter");
    assert_eq!(
        (&differences[0].expected, &differences[0].actual),
        (&Some(json!("crm")), &Some(json!("desk")))
    );
}

#[test]
fn the_same_component_shows_no_difference_and_another_one_each() {
    let (sandbox, router, other) =
        (Sandbox::new().unwrap(), component("router-rules"), component("stamp-router"));
    let mut case = case(json!([routing("desk")]));
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case)];
    update(&sandbox, &router, &files, None).unwrap();
    case.steps = Case::read(&files[0]).unwrap().steps;
    assert_eq!(replayed(&sandbox, &case, &router), (Verdict::Same, Vec::new()));

    // It takes no settings at all: that it does not come up is the difference.
    let (verdict, differences) = replayed(&sandbox, &case, &other);
    assert_eq!(verdict, Verdict::Different);
    let refused = differences[0].actual.as_ref().unwrap()["refused"].as_str().unwrap();
    assert!(refused.contains("settings are wrong"), "{refused}");

    case.steps[0].settings = None;
    let (_, differences) = replayed(&sandbox, &case, &other);
    let at: Vec<&str> = differences.iter().map(|difference| difference.at.as_str()).collect();
    assert!(
        at.contains(&"/answer/ok/reason") && !at.contains(&"/answer/ok/routes/0/adapter"),
        "{differences:#?}"
    );
}

#[test]
fn an_adapter_is_answered_from_the_record_and_its_effects_are_compared() {
    let (sandbox, desk) = (Sandbox::new().unwrap(), component("adapter-desk"));
    assert_eq!(replayed(&sandbox, &case(json!([opening()])), &desk), (Verdict::Same, Vec::new()));

    let mut short = opening();
    short["calls"].as_array_mut().unwrap().truncate(1);
    let (_, differences) = replayed(&sandbox, &case(json!([short])), &desk);
    assert!(
        differences.iter().any(|difference| difference.at == "/calls/-"
            && difference.actual.as_ref().unwrap()["function"] == "desk.write"),
        "{differences:#?}"
    );

    let mut long = opening();
    let more = json!({ "function": "desk.alter", "answer": { "Ok": null } });
    long["calls"].as_array_mut().unwrap().push(more);
    let (verdict, differences) = replayed(&sandbox, &case(json!([long])), &desk);
    assert_eq!((verdict, differences[0].at.as_str()), (Verdict::Different, "/calls/2"), "asked for no more");
}

#[test]
fn a_recorded_fault_fails_as_a_test_until_the_plugin_answers_and_is_the_same_in_a_replay() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let mut step = routing("desk");
    step["answer"] = json!({ "fault": { "kind": "trap", "detail": "index out of bounds" } });
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case(json!([step])))];
    let report = test(&sandbox, &router, &files, None);
    assert!(!report.is_good());
    assert!(report.cases[0].to_string().contains("--update"), "{}", report.cases[0]);
    update(&sandbox, &router, &files, None).unwrap();
    assert!(test(&sandbox, &router, &files, None).is_good());
}

#[test]
fn an_answer_that_is_unwanted_fails_as_a_test_until_another_one_is_given() {
    let sandbox = Sandbox::new().unwrap();
    let router = component("router-rules");
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case(json!([routing("desk")])))];
    update(&sandbox, &router, &files, None).unwrap();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    std::fs::write(&files[0], text.replacen("\"answer\":", "\"unwanted\": true, \"answer\":", 1)).unwrap();
    for report in [test(&sandbox, &router, &files, None), update(&sandbox, &router, &files, None).unwrap()] {
        assert_eq!(verdicts(&report), [Verdict::Different]);
        let said = report.cases[0].to_string();
        assert!(said.contains("it still answers what had the event parked"), "{said}");
    }
    let text = std::fs::read_to_string(&files[0]).unwrap();
    std::fs::write(&files[0], text.replacen("\"adapter\": \"desk\"", "\"adapter\": \"crm\"", 1)).unwrap();
    assert_eq!(verdicts(&update(&sandbox, &router, &files, None).unwrap()), [Verdict::Updated]);
    assert!(!Case::read(&files[0]).unwrap().steps[0].unwanted);
    assert!(test(&sandbox, &router, &files, None).is_good());
}

#[test]
fn a_fault_is_never_accepted_as_what_is_expected() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let mut step = routing("desk");
    // Less than the component needs to begin with.
    step["limits"] = json!({ "memory": "64KiB" });
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case(json!([step])))];
    assert_eq!(verdicts(&update(&sandbox, &router, &files, None).unwrap()), [Verdict::Different]);
    assert_eq!(Case::read(&files[0]).unwrap().steps[0].answer, Answer::Ok(Value::Null));
}

#[test]
fn steps_of_other_worlds_and_of_other_plugins_are_left_out() {
    let (sandbox, desk) = (Sandbox::new().unwrap(), component("adapter-desk"));
    let mut named = opening();
    named["plugin"] = json!({ "name": "adapter-desk", "version": "0.1.0" });
    let mut other = opening();
    other["plugin"] = json!({ "name": "adapter-other", "version": "9.0.0" });
    let dir = tempfile::tempdir().unwrap();
    let files = [file(&dir, &case(json!([routing("desk"), other, named])))];
    let report = test(&sandbox, &desk, &files, None);
    assert_eq!(verdicts(&report), [Verdict::Skipped, Verdict::Skipped, Verdict::Same]);
    let none = test(&sandbox, &desk, &files, Some("adapters.elsewhere"));
    assert_eq!(verdicts(&none), [Verdict::Skipped; 3]);
}

#[test]
fn what_cannot_be_run_says_why() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let run = |step: Value| {
        let report = replay(&sandbox, &case(json!([step])), &Components::default(), Some(&router), None);
        report.cases[0].to_string()
    };
    let mut wrong = routing("desk");
    wrong["input"][0].as_object_mut().unwrap().remove("author");
    let said = run(wrong);
    assert!(said.contains("router.decide takes") && said.contains("author"), "{said}");
    let mut gone = routing("desk");
    gone["missing"] = json!("generation 3 is no longer kept");
    assert!(run(gone).contains("generation 3"));

    let mut recorded = routing("desk");
    recorded["component"] = json!(router.digest.to_string());
    let said =
        replay(&sandbox, &case(json!([recorded])), &Components::default(), None, None).cases[0].to_string();
    assert!(said.contains("--with-components"), "{said}");
}
