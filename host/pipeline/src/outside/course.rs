//! What the calls of one attempt have in common: whose steps are being made, and whether anybody was there.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Instead of a number of persons.
const PROBE: u32 = u32::MAX;

/// One attempt's course.
#[derive(Debug, Default)]
pub(crate) struct Course {
    heard: AtomicBool,
    /// 0: the delivery itself. Else one more than how often its person was lost.
    person: AtomicU32,
}

// === impl Course ===

impl Course {
    /// The other side has answered, whatever it said.
    pub(crate) fn hears(&self) {
        self.heard.store(true, Relaxed);
    }

    /// Whether the other side has answered anything.
    pub(crate) fn heard(&self) -> bool {
        self.heard.load(Relaxed)
    }

    /// From here on it is asked for the person, which was lost so often.
    pub(crate) fn asks_for_person(&self, lost: u32) {
        self.person.store(lost.saturating_add(1).min(PROBE - 1), Relaxed);
    }

    /// From here on it is asked whether anybody is there.
    pub(crate) fn probes(&self) {
        self.person.store(PROBE, Relaxed);
    }

    /// From here on it is about the delivery itself.
    pub(crate) fn delivers(&self) {
        self.person.store(0, Relaxed);
    }

    /// A step's name in the journal. Steps that found a person answer nothing once that person is lost, and another one
    /// has to be found.
    pub(crate) fn name(&self, step: String) -> String {
        match self.person.load(Relaxed) {
            0 => step,
            PROBE => format!("probe\u{1f}{step}"),
            // No adapter can give a step this name: a name has no control characters.
            lost => format!("person {}\u{1f}{step}", lost - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_for_a_person_are_others_than_the_deliverys_own_and_than_those_for_one_that_is_lost() {
        let course = Course::default();
        let name = || course.name("contact".into());
        let own = name();
        course.asks_for_person(0);
        let first = name();
        course.asks_for_person(1);
        let second = name();
        course.delivers();
        assert_eq!((own.as_str(), name().as_str()), ("contact", "contact"));
        assert!(first != own && second != own && first != second);
    }
}
