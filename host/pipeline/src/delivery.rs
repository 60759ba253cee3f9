//! Turns of the delivery lanes: one delivery after the other is tried with the tenant's current generation, and what
//! came of it is committed before the next.

mod attempt;
mod outcome;
mod perform;
mod ports;
mod translate;

use std::sync::Arc;

use patchbay_storage::{Delivery, DeliveryOutcome, DeliveryResult, Guarded, Park, StorageError};
use patchbay_types::Millis;
use tracing::{error, warn};

use crate::{
    lanes::{Turn, Work},
    queues::DeliveryLane,
    shared::Shared,
};

pub(crate) use self::outcome::apply as apply_changes;

/// How long a lane waits after the database failed.
const PAUSE: Millis = 1_000;
/// How long it waits for something that an operator has to mend; a new generation wakes it.
const FAR: Millis = 60_000;
/// Rows read for a lane at once.
const REFILL: u32 = 64;

/// What a delivery came to.
pub(crate) enum Tried {
    /// This is to be committed.
    Result(Box<DeliveryResult>),
    /// The lane waits until then, this delivery first; nothing was tried.
    Hold(Millis),
}

/// One turn.
pub(crate) async fn turn(shared: Arc<Shared>, turn: Turn<DeliveryLane, Delivery>) {
    match turn.work {
        Work::Items(deliveries) => work(&shared, &turn.key, deliveries).await,
        Work::Refill { after } => refill(&shared, &turn.key, after).await,
    }
}

async fn refill(shared: &Shared, key: &DeliveryLane, after: i64) {
    let rows =
        shared.store.deliveries_in_lane(&key.tenant, &key.conversation, &key.adapter, after, REFILL).await;
    match rows {
        Ok(rows) => {
            let more = rows.len() == REFILL as usize;
            shared.deliveries.refill(key, after, rows.into_iter().map(|row| (row.id, row)).collect(), more);
        }
        Err(error) => {
            warn!(conversation = %key.conversation, %error, "the lane waits: the database cannot be read");
            shared.deliveries.hold(key, after, shared.clock.now() + PAUSE);
        }
    }
}

async fn work(shared: &Arc<Shared>, key: &DeliveryLane, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        let before = delivery.id - 1;
        let tried = match attempt::attempt(shared, key, delivery).await {
            Ok(tried) => tried,
            Err(error) => {
                warn!(conversation = %key.conversation, %error, "the lane waits: the database cannot be read");
                Tried::Hold(shared.clock.now() + PAUSE)
            }
        };
        let until = match tried {
            Tried::Hold(until) => Some(until),
            Tried::Result(result) => commit(shared, key, *result).await,
        };
        if let Some(until) = until {
            return shared.deliveries.hold(key, before, until);
        }
    }
    shared.deliveries.done(key);
}

/// Commits and hands on; answers until when the lane has to wait, if it has to.
async fn commit(shared: &Shared, key: &DeliveryLane, result: DeliveryResult) -> Option<Millis> {
    let hold = match &result.outcome {
        DeliveryOutcome::Retry { at, .. } => Some(*at),
        _ => None,
    };
    let outcome = outcome::word(&result.outcome);
    match shared.store.deliver(result.clone()).await {
        Ok(Guarded::Applied) => {}
        Ok(Guarded::Stale) => return None,
        Err(StorageError::Refused(error)) => {
            // It will be refused for ever as it is: kept aside, with nothing of what the adapter wrote.
            error!(tenant = %key.tenant, adapter = %key.adapter, delivery = result.id, %error,
                "parked: the database refuses the receipt");
            let park =
                Park { reason: format!("the database refuses its receipt: {error}"), ..Park::default() };
            let bare = DeliveryResult {
                outcome: DeliveryOutcome::Dead(park),
                tickets: Vec::new(),
                persons: Vec::new(),
                desk: Vec::new(),
                kv: Vec::new(),
                deliveries: Vec::new(),
                actions: Vec::new(),
                trace: Vec::new(),
                ..result
            };
            return shared.store.deliver(bare).await.err().map(|_| shared.clock.now() + PAUSE);
        }
        Err(error) => {
            error!(tenant = %key.tenant, adapter = %key.adapter, delivery = result.id, %error,
                "delivered, but the receipt is not committed: it is delivered again, under the same key");
            return Some(shared.clock.now() + PAUSE);
        }
    }
    metrics::counter!("patchbay_deliveries_total", "tenant" => key.tenant.to_string(),
        "adapter" => key.adapter.to_string(), "outcome" => outcome)
    .increment(1);
    for ticket in &result.tickets {
        shared.remember_ticket(ticket);
    }
    for person in &result.persons {
        shared.remember_person(person);
    }
    for delivery in result.deliveries {
        shared.push_delivery(delivery, result.inbox_seq, result.at);
    }
    for action in result.actions {
        shared.push_action(action, result.at);
    }
    hold.map(|at| at.max(shared.clock.now()))
}

/// The lane of a delivery.
pub(crate) fn lane(delivery: &Delivery) -> DeliveryLane {
    DeliveryLane {
        tenant: delivery.tenant.clone(),
        conversation: delivery.conversation.clone(),
        adapter: delivery.adapter.clone(),
    }
}
