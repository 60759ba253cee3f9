//! How a command ends when it does not end well: a sentence for people and an exit code for scripts.

use std::{fmt, process::ExitCode};

use patchbay_types::Problem;

/// What the exit codes mean, as `--help` says it.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `check`: nothing is wrong
  1  it failed, or a problem was found
  2  the command line is wrong
  3  no running host answers at that address";

/// A command that did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed, and this says what, where and what to do. Exit code 1.
    Failed(anyhow::Error),
    /// Everything was said already, on standard output. Exit code 1.
    Found,
    /// The command line makes no sense in a way that its parser cannot see. Exit code 2.
    Usage(String),
    /// No host answers. Exit code 3.
    Unreachable(String),
}

// === impl Failure ===

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) | Self::Found => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }

    /// The sentence, unless everything was said already.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            // The whole chain of causes on one line: nobody should have to ask for a backtrace.
            Self::Failed(error) => Some(format!("{error:#}")),
            Self::Found => None,
            Self::Usage(sentence) | Self::Unreachable(sentence) => Some(sentence.clone()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence().unwrap_or_default())
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A problem that the running host answered with.
pub(crate) fn refused(problem: &Problem) -> Failure {
    Failure::Failed(anyhow::anyhow!("{}", problem.detail))
}
