//! What the last look at a tenant's files came to.

use std::collections::BTreeMap;

use patchbay_types::Millis;

use super::{
    finding::Finding,
    source::{Refusal, RefusalKind},
    status::{LastError, State},
};

/// What the last look at a tenant's files came to.
#[derive(Debug, Default)]
pub(super) struct Trial {
    state: State,
    pub(super) refused: BTreeMap<String, Refusal>,
    pub(super) last_error: Option<LastError>,
    pub(super) slot_errors: BTreeMap<String, LastError>,
}

// === impl Trial ===

impl Trial {
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn become_state(&mut self, state: State) {
        self.state = state;
        self.refused.clear();
    }

    pub(super) fn refuse(&mut self, refusals: &[Refusal], now: Millis) {
        self.refused.clear();
        self.state = refusals.first().map(State::after).unwrap_or_default();
        for refusal in refusals {
            let error = LastError { at: now, finding: Finding::clone(&refusal.finding) };
            if let Some(slot) = &refusal.slot {
                self.slot_errors.insert(slot.to_string(), error.clone());
                self.refused.insert(slot.to_string(), refusal.clone());
            }
            self.last_error = Some(error);
        }
    }
}

// === impl State ===

impl State {
    pub(super) fn after(refusal: &Refusal) -> Self {
        let reason = refusal.finding.to_string();
        match refusal.kind {
            RefusalKind::Missing => State::Missing { reason },
            RefusalKind::Rejected | RefusalKind::Late | RefusalKind::Trouble => State::Rejected { reason },
        }
    }
}
