//! Results of Matrix actions.

use crate::{
    action::{ActionOutcome, ActionResult},
    delivery::DeliveryState,
    trace::{Packed, Subject},
    writer::{apply::Plan, guard::Queue, member::Reply, targets::Target},
};

impl Plan<'_> {
    pub(super) fn act(&mut self, result: &ActionResult, trace: &Packed) -> Reply {
        let (id, at, attempt, tenant) = (result.id, result.at, result.attempt, Some(&result.tenant));
        if !self.guard.take(Queue::Actions, id) {
            return Reply::SKIPPED;
        }
        let mut state = |state: DeliveryState, not_before, error: Option<&str>, event| {
            let done = (state != DeliveryState::Pending).then_some(at);
            let row = (id, state as u8, attempt, not_before, error, event, done);
            self.batch.rows(Target::ActionState).push(&row);
        };
        match &result.outcome {
            ActionOutcome::Sent { event_id } => {
                state(DeliveryState::Done, 0, None, event_id.as_ref());
                self.batch.rows(Target::ActionLink).push(&(id,));
            }
            ActionOutcome::Retry { at, error } => state(DeliveryState::Pending, *at, Some(error), None),
            ActionOutcome::Dropped(reason) => state(DeliveryState::Dropped, 0, Some(reason), None),
            ActionOutcome::Dead(park) => {
                state(DeliveryState::Dead, 0, Some(&park.reason), None);
                self.park(Subject::Action(id), tenant, None, park, at);
            }
        }
        self.trace(Subject::Action(id), tenant, trace, at);
        Reply::WRITTEN
    }
}
