//! Whether anything of a request can have left the house. It decides between "repeat it" and "look first", so it is not
//! guessed from an error: the request's body notes when the connection begins to write it, and once the caller gave up,
//! the body never becomes whole.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use crate::request::Failure;

/// Shared by a request and the body that leaves with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Arc<AtomicU8>);

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

// === impl Sent ===

impl Sent {
    /// A connection is about to write. False: too late, the caller was told that nothing is sent.
    pub(crate) fn begin(&self) -> bool {
        self.turn(BEGUN) != GIVEN_UP
    }

    /// Whether the caller was told that nothing is sent.
    pub(crate) fn is_given_up(&self) -> bool {
        self.0.load(Ordering::SeqCst) == GIVEN_UP
    }

    /// The end without an answer: safe to repeat if nothing was written, and then nothing will be.
    pub(crate) fn failure(&self, why: String) -> Failure {
        if self.turn(GIVEN_UP) == BEGUN { Failure::UnknownOutcome(why) } else { Failure::Unreachable(why) }
    }

    /// Leaves waiting once; answers the state that was before.
    fn turn(&self, to: u8) -> u8 {
        match self.0.compare_exchange(WAITING, to, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(before) | Err(before) => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_has_an_unknown_outcome_and_what_was_given_up_never_begins() {
        let begun = Sent::default();
        assert!(begun.begin());
        assert!(begun.begin(), "a redirect's next request");
        assert!(matches!(begun.failure(String::new()), Failure::UnknownOutcome(_)));
        let given_up = Sent::default();
        assert!(matches!(given_up.failure(String::new()), Failure::Unreachable(_)));
        assert!(!given_up.begin());
        assert!(given_up.is_given_up());
        assert!(matches!(given_up.failure(String::new()), Failure::Unreachable(_)));
    }
}
