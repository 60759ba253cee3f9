//! What a turn's deliveries came to, until it is committed: the turn's next deliveries go on from here, and nobody else
//! sees it.

use std::sync::Arc;

use patchbay_storage::{DeliveryOutcome, DeliveryResult, Guarded, Park, StorageError, Ticket};
use patchbay_types::Millis;
use tracing::error;

use super::{PAUSE, outcome};
use crate::{
    crash,
    delivery::Reach,
    queues::DeliveryLane,
    shared::{Delivered, Shared},
    signals,
};

/// So many bytes are committed at once.
const BYTES: usize = 1 << 20;

/// What waits to be committed, in order.
#[derive(Default)]
pub(super) struct Receipts {
    results: Vec<Arc<DeliveryResult>>,
    bytes: usize,
    /// Something may have happened outside.
    outside: bool,
}

// === impl Receipts ===

impl Receipts {
    pub(super) fn add(&mut self, result: DeliveryResult, reach: Reach) {
        self.bytes += result.bytes();
        self.results.push(Arc::new(result));
        self.outside |= reach == Reach::Outside;
    }

    /// Whether what waits should go now: something happened outside, the lane has to wait, or it is a lot.
    pub(super) fn is_due(&self) -> bool {
        let last = self.results.last().map(|result| &result.outcome);
        self.outside || self.bytes > BYTES || matches!(last, Some(DeliveryOutcome::Retry { .. }))
    }

    /// Carries over to a conversation's tickets what this turn has done to them.
    pub(super) fn apply_to(&self, tickets: &mut Vec<Ticket>) {
        self.results.iter().flat_map(|result| &result.tickets).for_each(|change| change.apply_among(tickets));
    }

    /// Commits all and hands on what follows. Where the lane has to wait, answers behind which number and until when.
    pub(super) async fn commit(&mut self, shared: &Arc<Shared>, key: &DeliveryLane) -> Option<(i64, Millis)> {
        let Self { results, outside, .. } = std::mem::take(self);
        commit(shared, key, results, outside).await
    }
}

async fn commit(
    shared: &Arc<Shared>,
    key: &DeliveryLane,
    results: Vec<Arc<DeliveryResult>>,
    urgent: bool,
) -> Option<(i64, Millis)> {
    let first = results.first()?;
    let before = first.id - 1;
    crash::point("before-receipt");
    let written = shared.store.deliver_all(results.clone(), urgent).await;
    crash::point("after-receipt");
    match written {
        Ok(guards) => {
            let (mut hold, mut there) = (None, Vec::new());
            for (result, guard) in results.into_iter().zip(guards) {
                match guard {
                    Guarded::Applied => {
                        let done = matches!(result.outcome, DeliveryOutcome::Done { .. });
                        there.extend(result.event_id.clone().filter(|_| done));
                        hold = applied(shared, key, Arc::unwrap_or_clone(result));
                    }
                    // It was done before: what this attempt did never came to be.
                    Guarded::Stale => {}
                }
            }
            signals::delivered(shared, key, &there);
            hold
        }
        Err(StorageError::Refused(error)) if results.len() == 1 => {
            // It will be refused for ever as it is: kept aside, with nothing of what the adapter wrote.
            error!(tenant = %key.tenant, adapter = %key.adapter, delivery = first.id, %error,
                "parked: the database refuses the receipt");
            let parked = shared.store.deliver(refused(first, &error.to_string())).await;
            // What follows was done as if this one stood: it is done again.
            Some(if parked.is_ok() { (first.id, 0) } else { (before, shared.clock.now() + PAUSE) })
        }
        Err(StorageError::Refused(_)) => {
            for result in results {
                let held = Box::pin(commit(shared, key, vec![result], urgent)).await;
                if held.is_some() {
                    return held;
                }
            }
            None
        }
        Err(error) => {
            error!(tenant = %key.tenant, adapter = %key.adapter, delivery = first.id, %error,
                "delivered, but the receipt is not committed: it is delivered again, under the same key");
            Some((before, shared.clock.now() + PAUSE))
        }
    }
}

/// Hands on what follows from a committed result; answers where the lane has to wait, if it has to.
fn applied(shared: &Shared, key: &DeliveryLane, result: DeliveryResult) -> Option<(i64, Millis)> {
    metrics::counter!("patchbay_deliveries_total", "tenant" => key.tenant.to_string(),
        "adapter" => key.adapter.to_string(), "outcome" => outcome::word(&result.outcome))
    .increment(1);
    result.tickets.iter().for_each(|ticket| shared.remember_ticket(ticket));
    result.persons.iter().for_each(|person| shared.remember_person(person));
    let there = match (&result.outcome, &result.written) {
        (DeliveryOutcome::Done { ticket, parts }, _) => Some((ticket, parts)),
        (_, written) => written.as_ref().map(|written| (&written.ticket, &written.parts)),
    };
    if let (Some((ticket, parts)), Some(event)) = (there, &result.event_id) {
        let delivered = Delivered { parts: parts.clone(), ticket: ticket.clone() };
        shared.remember_delivered(key, event, delivered);
    }
    for action in result.actions {
        shared.push_action(action, result.at);
    }
    match result.outcome {
        DeliveryOutcome::Retry { at, .. } => Some((result.id - 1, at.max(shared.clock.now()))),
        _ => None,
    }
}

fn refused(result: &DeliveryResult, error: &str) -> DeliveryResult {
    let park = Park { reason: format!("the database refuses its receipt: {error}"), ..Park::default() };
    DeliveryResult {
        id: result.id,
        tenant: result.tenant.clone(),
        event_id: result.event_id.clone(),
        at: result.at,
        attempt: result.attempt,
        outcome: DeliveryOutcome::Dead(park),
        written: None,
        rest: None,
        tickets: Vec::new(),
        persons: Vec::new(),
        desk: Vec::new(),
        kv: Vec::new(),
        settled: false,
        actions: Vec::new(),
        trace: Vec::new(),
    }
}
