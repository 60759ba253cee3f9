//! Regular expressions as automata that are complete when `prepare` ends: a search is one table look-up for each byte,
//! allocates nothing and cannot go back, so no message makes it slow.

use std::{collections::BTreeMap, error::Error};

use patchbay_sdk::prelude::*;
use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton, StartKind, dense},
    util::syntax,
};

use crate::{
    facts::{Fact, Facts, VARIABLES},
    settings::PatternSettings,
};

/// More than this is better said in fewer, larger expressions.
const COUNT: usize = 100;
/// Bytes of one expression.
const LENGTH: usize = 1024;
/// Bytes of one automaton, and of all.
const SIZE: usize = 1 << 20;
const TOTAL: usize = 8 << 20;

/// All patterns of a tenant, by name.
#[derive(Debug, Default)]
pub(crate) struct Patterns(BTreeMap<String, Pattern>);

#[derive(Debug)]
struct Pattern {
    automaton: dense::DFA<Vec<u32>>,
    on: String,
}

// === impl Patterns ===

impl Patterns {
    /// Builds all; each that cannot be built is a problem.
    pub(crate) fn build(settings: &BTreeMap<String, PatternSettings>, problems: &mut Vec<Problem>) -> Self {
        if settings.len() > COUNT {
            problems.push(problem("/patterns", format!("at most {COUNT}")));
            return Self::default();
        }
        let mut total = 0;
        let mut patterns = BTreeMap::new();
        for (name, pattern) in settings {
            let built = named(name).and_then(|()| Pattern::build(pattern));
            match built {
                Ok(pattern) => {
                    total += pattern.automaton.memory_usage();
                    patterns.insert(name.clone(), pattern);
                }
                Err(message) => problems.push(problem(format!("/patterns/{name}"), message)),
            }
            if total > TOTAL {
                problems.push(problem("/patterns", "all of them together are too large"));
                break;
            }
        }
        Self(patterns)
    }

    /// Whether there is a pattern of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the pattern is found; nothing, where there is none of this name.
    pub(crate) fn found(&self, name: &str, facts: &Facts<'_>) -> Option<bool> {
        let pattern = self.0.get(name)?;
        let text = match facts.fact(&pattern.on) {
            Some(Fact::Text(text)) => text,
            _ => "",
        };
        Some(pattern.found(text))
    }
}

// === impl Pattern ===

impl Pattern {
    fn build(settings: &PatternSettings) -> Result<Self, String> {
        let (regex, on) = match settings {
            PatternSettings::Text(regex) => (regex, "content.text"),
            PatternSettings::On { regex, on } => (regex, on.as_str()),
        };
        if regex.len() > LENGTH {
            return Err(format!("longer than {LENGTH} bytes"));
        }
        if !is_text(on) {
            return Err(format!("`{on}` is no variable that is text"));
        }
        let config = dense::Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(SIZE))
            .determinize_size_limit(Some(4 * SIZE));
        let automaton = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().nest_limit(32))
            .build(regex)
            .map_err(|error| advice(&error))?;
        Ok(Self { automaton, on: on.to_owned() })
    }

    /// It was built without anything that makes a search give up, so an error here is none found.
    fn found(&self, text: &str) -> bool {
        let input = Input::new(text).anchored(Anchored::No).earliest(true);
        self.automaton.try_search_fwd(&input).is_ok_and(|found| found.is_some())
    }
}

fn is_text(name: &str) -> bool {
    let other = ["media", "identifiers", "encrypted", "members", "features", "labels", "count", "tickets"];
    let (place, field) = name.split_once('.').unwrap_or(("", name));
    VARIABLES.contains(&name) && !place.is_empty() && place != "hours" && !other.contains(&field)
}

/// A name that a condition can spell.
fn named(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let good =
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= 40 && name.chars().all(plain);
    if good {
        Ok(())
    } else {
        Err("a name is 1 to 40 of a-z, 0-9 and `_`, beginning with a letter".to_owned())
    }
}

/// The innermost cause says it best; of its lines, the last one.
fn advice(error: &dense::BuildError) -> String {
    if error.is_size_limit_exceeded() {
        return r"it becomes too large: write [a-z] for \w, [0-9] for \d, and smaller repetitions".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let cause = cause.to_string();
    if cause.contains("word bound") {
        return r"`\b` has to be written `(?-u:\b)`: it then knows the letters of ASCII alone".to_owned();
    }
    let last = cause.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
