//! Is anybody there? Where a connection was found down again and again, its adapter is asked before the next delivery is
//! tried: an outage then costs no effect of which nobody knows what became of it, and words that break the CRM are told
//! from an outage even where nobody else writes.

use std::sync::Arc;

use patchbay_plugin::{Plugin, Timed, adapter};
use patchbay_storage::Step;

use crate::{delivery::attempt::Attempt, outside::Journal, steps};

/// What the adapter said.
pub(super) struct Probed {
    /// Nobody is there, and why.
    pub(super) down: Option<adapter::Failure>,
    pub(super) step: Step,
}

// === impl Attempt ===

impl Attempt<'_> {
    /// Asks the adapter; where somebody answers, whoever waited for that goes on.
    pub(super) async fn probe(&mut self, plugin: &Plugin, journal: Option<Journal>) -> Probed {
        self.course.probes();
        let ports = self.ports(journal).await;
        let answer = plugin.probe(&self.caller, ports).await;
        let answer = answer.map(|Timed { value: (value, _), took, fuel }| Timed { value, took, fuel });
        let (slot, chain, at) = (&self.caller.slot, &self.view.chain, self.shared.clock.now());
        let mut step = steps::called("adapter.probe", slot, chain, plugin, at, "[]".to_owned(), &answer);
        step.calls = steps::host_calls(&self.record);
        let down = match answer.map(|timed| timed.value) {
            Ok(Err(failure)) if is_absence(&failure) => Some(failure),
            // What it says without having asked anybody says nothing.
            Ok(_) if self.course.heard() => {
                self.tell_others_that_somebody_answers();
                None
            }
            // A probe that faults is no reason not to deliver.
            _ => None,
        };
        self.course = Arc::default();
        Probed { down, step }
    }

    fn tell_others_that_somebody_answers(&self) {
        let Some(pass) = &self.pass else { return };
        if pass.is_answered() {
            let (tenant, adapter) = (&self.lane.tenant, &self.lane.adapter);
            self.shared.deliveries.release(|lane| lane.tenant == *tenant && lane.adapter == *adapter);
        }
    }
}

fn is_absence(failure: &adapter::Failure) -> bool {
    matches!(failure.kind, adapter::FailureKind::Unavailable | adapter::FailureKind::Unauthorised)
}
