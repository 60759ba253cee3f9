//! What was looked at, and what became of it.

use serde::Serialize;

use super::{session::Transport, version};

/// What became of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It was there, and right.
    AsItWas,
    /// It was not there.
    Made,
    /// It was there, and other than it has to be.
    Updated,
    /// It is not there; nothing was changed.
    ToBeMade,
    /// It is other than it has to be; nothing was changed.
    ToBeUpdated,
    /// Somebody has to do something by hand; until then it does not work.
    Missing,
    /// It works; somebody may want to know.
    Note,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// What became of it.
    pub(crate) state: State,
    /// What it is.
    pub(crate) what: String,
    /// What differs, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// All of it, in the order in which it was looked at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// Odoo's major version.
    pub(crate) version: u32,
    /// How the administrator was talked for.
    pub(crate) transport: Transport,
    /// How the technical user can be, where its key is known.
    pub(crate) user_transport: Option<Transport>,
    /// What was looked at.
    pub(crate) steps: Vec<Step>,
}

// === impl State ===

impl State {
    /// As it stands in front of a line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::AsItWas => "as it was",
            Self::Made => "made",
            Self::Updated => "updated",
            Self::ToBeMade => "to be made",
            Self::ToBeUpdated => "to be updated",
            Self::Missing => "MISSING",
            Self::Note => "note",
        }
    }
}

// === impl Step ===

impl Step {
    pub(super) fn new(state: State, what: impl Into<String>) -> Self {
        Self { state, what: what.into(), detail: None }
    }

    /// With what differs, or what to do.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

// === impl Report ===

impl Report {
    /// How the adapter has to talk, where it would find out wrong by itself: where there is JSON-2, it takes the key for one.
    pub(crate) fn speech(&self) -> Option<Transport> {
        let by_password = self.version >= version::JSON_2 && self.user_transport != Some(Transport::Json2);
        by_password.then_some(Transport::JsonRpc)
    }

    /// How many are in one of these states.
    pub(crate) fn count(&self, states: &[State]) -> usize {
        self.steps.iter().filter(|step| states.contains(&step.state)).count()
    }
}
