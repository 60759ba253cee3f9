//! What the comparison found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// A list for people ends here; the JSON has all.
const SHOWN: usize = 20;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Things sent.
    pub sent: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Things at the target.
    pub seen: u64,
    /// Answered, and not there.
    pub lost: Vec<Finding>,
    /// There more than once.
    pub doubled: Vec<Finding>,
    /// Behind something of the same lane that was said later.
    pub reordered: Vec<Finding>,
    /// There, and never sent; or sent by ourselves, and not recognised when it came back.
    pub invented: Vec<Finding>,
    /// In another lane than it was said in.
    pub misplaced: Vec<Finding>,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Its lane.
    pub lane: String,
    /// Which it is.
    pub key: String,
    /// In what way.
    pub what: String,
}

// === impl Finding ===

impl Finding {
    pub(super) fn new(key: &str, lane: &str, what: impl Into<String>) -> Self {
        Self { lane: lane.to_owned(), key: key.to_owned(), what: what.into() }
    }
}

// === impl Verdict ===

impl Verdict {
    /// Nothing lost, doubled, reordered, invented or misplaced.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lists().iter().all(|(_, list)| list.is_empty())
    }

    fn lists(&self) -> [(&'static str, &Vec<Finding>); 5] {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("reordered", &self.reordered),
            ("invented", &self.invented),
            ("misplaced", &self.misplaced),
        ]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sent {}, answered {}, at the target {}:", self.sent, self.answered, self.seen)?;
        for (name, list) in self.lists() {
            write!(f, " {name} {}", list.len())?;
        }
        for (name, list) in self.lists() {
            for finding in list.iter().take(SHOWN) {
                write!(f, "\n  {name}: {} in {}: {}", finding.key, finding.lane, finding.what)?;
            }
            if list.len() > SHOWN {
                write!(f, "\n  {name}: and {} more", list.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}
