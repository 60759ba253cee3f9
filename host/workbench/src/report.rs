//! What became of cases that were run: for people as lines, for programs as JSON.

use std::fmt;

use serde::Serialize;

use crate::{case::Function, diff::Difference};

/// All cases of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// In the order of their names.
    pub cases: Vec<CaseReport>,
}

/// One case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// Its file, where it came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its name.
    pub name: String,
    /// Why nothing of it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<StepReport>,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// What was called.
    pub function: Function,
    /// The slot.
    pub slot: String,
    /// Who answered, as name and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// A sentence that goes with the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the answer, or what it asked of the host, is another one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// How long the call took, in microseconds.
    pub took_us: u64,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same answer, and the same asked of the host.
    Same,
    /// Another one.
    Different,
    /// It was accepted as the answer that is expected from now on.
    Updated,
    /// Not this run's concern.
    Skipped,
    /// It could not be run.
    Impossible,
}

// === impl Report ===

impl Report {
    /// Whether everything that was run is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.cases.iter().all(CaseReport::is_good)
    }

    /// `3 cases: 2 as expected, 1 not`
    #[must_use]
    pub fn summary(&self) -> String {
        let good = self.cases.iter().filter(|case| case.is_good()).count();
        let (all, bad) = (self.cases.len(), self.cases.len() - good);
        let cases = if all == 1 { "1 case".to_owned() } else { format!("{all} cases") };
        match bad {
            0 => format!("{cases}: as expected"),
            _ => format!("{cases}: {good} as expected, {bad} not"),
        }
    }
}

// === impl CaseReport ===

impl CaseReport {
    /// Whether everything that was run is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.error.is_none()
            && self.steps.iter().all(|step| !matches!(step.verdict, Verdict::Different | Verdict::Impossible))
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_good() { "ok  " } else { "FAIL" };
        write!(f, "{word}  {}", self.name)?;
        if let Some(file) = &self.file {
            write!(f, "  ({file})")?;
        }
        if let Some(error) = &self.error {
            write!(f, "\n      {error}")?;
        }
        for step in &self.steps {
            write!(f, "\n{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Same => "same",
            Verdict::Different => "DIFFERENT",
            Verdict::Updated => "updated",
            Verdict::Skipped => "skipped",
            Verdict::Impossible => "NOT RUN",
        };
        write!(f, "      {:<9}  {} in {}", verdict, self.function, self.slot)?;
        if let Some(component) = &self.component {
            write!(f, " by {component}")?;
        }
        if self.took_us > 0 {
            write!(f, ", {} µs", self.took_us)?;
        }
        if let Some(note) = &self.note {
            write!(f, ": {note}")?;
        }
        for difference in &self.differences {
            for line in difference.to_string().lines() {
                write!(f, "\n        {line}")?;
            }
        }
        Ok(())
    }
}
