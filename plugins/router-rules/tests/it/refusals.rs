//! What a rules file may not say, and where it is told so.

use patchbay_sdk::prelude::*;

use crate::sample::try_router;

fn refused(toml: &str) -> Vec<Problem> {
    try_router(toml).map(drop).unwrap_err()
}

fn condition(when: &str) -> Problem {
    let rule = format!(
        "[[rules]]\nname = 'ok'\nstop = true\n[[rules]]\nname = 'r'\nwhen = '''{when}'''\nstop = true\n"
    );
    let mut problems = refused(&rule);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems.remove(0);
    assert_eq!(problem.at, "/rules/1/when", "{problem:?}");
    problem
}

#[test]
fn a_condition_that_is_no_cel_or_names_what_there_is_not_is_told_with_its_place() {
    for (when, says) in [
        ("content.text ==", "Syntax error"),
        ("sender.emial == ''", "sender.email"),
        ("message.text == ''", "there is no `message.text`"),
        ("content == ''", "content.text"),
        ("content.text.matches('a')", "patterns"),
        ("patterns.refund", "under `patterns`"),
        ("content.text.lowerAscii() == ''", "lowerAscii"),
        ("has(sender.phone)", "not needed"),
        ("{'a': 1}.a == 1", "no maps"),
    ] {
        let message = condition(when).message;
        assert!(message.contains(says), "{when}: {message}");
    }
}

#[test]
fn a_condition_that_could_cost_too_much_is_refused() {
    let nested = "room.features.exists(f, conversation.labels.exists(l, l == f))";
    assert!(condition(nested).message.contains("loop inside a loop"));
    assert!(condition(&format!("{}true{}", "(".repeat(25), ")".repeat(25))).message.contains("brackets"));
    assert!(condition(&["reply"; 250].join("||")).message.contains("too long"));
    assert!(condition(&format!("content.text == '{}'", "x".repeat(2048))).message.contains("longer than"));
}

#[test]
fn a_pattern_that_cannot_be_built_says_what_to_do() {
    let pattern = |regex: &str| {
        let problems = refused(&format!("[patterns]\np = '''{regex}'''"));
        assert_eq!(problems[0].at, "/patterns/p");
        problems[0].message.clone()
    };
    assert!(pattern(r"\bword\b").contains(r"(?-u:\b)"));
    assert!(pattern(r"(\w{20}){20}").contains("too large"));
    assert!(pattern("(").contains("unclosed group"));
    assert!(pattern(&"x".repeat(2000)).contains("longer than"));
    assert_eq!(refused("[patterns]\nBig-Name = 'x'")[0].at, "/patterns/Big-Name");
    let on = refused("[patterns]\np = { regex = 'x', on = 'content.media' }");
    assert!(on[0].message.contains("content.media"), "{on:?}");
}

#[test]
fn hours_that_are_none_are_named_one_by_one() {
    let problems = refused(
        "[business-hours]\ntime-zone = 'Kyiv'\nholidays = ['24.12.2026', '02-29']\n\
        [business-hours.week]\nmon-fri = ['9-18', '22:00-06:00']\nsat-mon = ['09:00-10:00']\n",
    );
    let at: Vec<_> = problems.iter().map(|problem| problem.at.as_str()).collect();
    let wanted = [
        "/business-hours/time-zone",
        "/business-hours/week/mon-fri/0",
        "/business-hours/week/mon-fri/1",
        "/business-hours/week/sat-mon",
        "/business-hours/holidays/0",
    ];
    assert_eq!(at, wanted);
}

#[test]
fn a_rule_that_does_nothing_or_too_many_rules_are_refused() {
    assert_eq!(refused("[[rules]]\nname = 'r'\n")[0].at, "/rules/0");
    assert_eq!(refused("[[rules]]\nname = ''\nstop = true\n")[0].at, "/rules/0/name");
    assert_eq!(refused(&"[[rules]]\nname = 'r'\nstop = true\n".repeat(1001))[0].at, "/rules");
    let route = refused("default = [{ adapter = '' }]");
    assert_eq!(route[0].at, "/default/0/adapter");
}
