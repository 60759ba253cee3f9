//! Results of deliveries.

use crate::{
    delivery::{DeliveryOutcome, DeliveryResult, DeliveryState},
    trace::{Packed, Subject},
    writer::{apply::Plan, guard::Queue, member::Reply, targets::Target},
};

impl<'a> Plan<'a> {
    pub(super) fn deliver(&mut self, result: &'a DeliveryResult, trace: &Packed) -> Reply {
        let (id, at, attempt) = (result.id, result.at, result.attempt);
        if !self.guard.take(Queue::Outbox, id) {
            return Reply::SKIPPED;
        }
        let mut state =
            |state: DeliveryState, not_before, error: Option<&str>, ticket, parts: Option<String>| {
                let done = (state != DeliveryState::Pending).then_some(at);
                let row = (id, state as u8, attempt, not_before, error, ticket, parts, done);
                self.batch.rows(Target::DeliveryState).push(&row);
            };
        match &result.outcome {
            DeliveryOutcome::Done { ticket, parts } => {
                // A list of texts always serialises.
                let list = serde_json::to_string(parts).unwrap_or_default();
                state(DeliveryState::Done, 0, None, ticket.as_ref(), Some(list));
                parts.iter().for_each(|part| self.batch.rows(Target::DeliveryLink).push(&(id, part)));
            }
            DeliveryOutcome::Retry { at, error, payload } => {
                state(DeliveryState::Pending, *at, Some(error), None, None);
                if let Some(payload) = payload {
                    self.delivery_payload(id, payload);
                }
            }
            DeliveryOutcome::Dropped(reason) => state(DeliveryState::Dropped, 0, Some(reason), None, None),
            DeliveryOutcome::Dead(park) => {
                state(DeliveryState::Dead, 0, Some(&park.reason), None, None);
                self.park(Subject::Delivery(id), Some(&result.tenant), result.event_id.as_ref(), park, at);
            }
        }
        self.tickets(&result.tickets);
        self.persons(&result.persons);
        self.desk(&result.desk);
        self.kv(&result.kv);
        self.deliveries(&result.deliveries, result.inbox_seq, at);
        self.actions(&result.actions, at);
        self.trace(Subject::Delivery(id), Some(&result.tenant), trace, at);
        Reply::WRITTEN
    }
}
