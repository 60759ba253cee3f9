//! Turns of the delivery lanes: one delivery after the other is tried with the tenant's current generation. What an
//! adapter did outside is written down before the next; what it did in the host's own tables alone, which the commit
//! itself brings about, is committed for the whole turn at once.

mod attempt;
mod outcome;
mod perform;
mod place;
mod ports;
mod probe;
mod receipts;
mod translate;

use std::sync::Arc;

use patchbay_storage::{Delivery, DeliveryResult};
use patchbay_types::Millis;
use tracing::warn;

use self::receipts::Receipts;
use crate::{
    lanes::{Turn, Work},
    payload::DeliveryV1,
    queues::DeliveryLane,
    shared::Shared,
};

pub(crate) use self::{
    outcome::{apply as apply_changes, failure_word, said},
    ports::Kv,
};

/// How long a lane waits after the database failed.
const PAUSE: Millis = 1_000;
/// How long it waits for something that an operator has to mend; a new generation wakes it.
const FAR: Millis = 60_000;
/// How long a lane whose delivery has failed lets others look first.
const AFTER_OTHERS: Millis = 500;
/// Rows read for a lane at once.
const REFILL: u32 = 64;

/// What a delivery came to.
pub(crate) enum Tried {
    /// This is to be committed.
    Result(Box<DeliveryResult>, Reach),
    /// The lane waits until then, this delivery first; nothing was tried.
    Hold(Millis),
}

/// How far the effects of an adapter reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its calls leave nothing but what is committed with their receipts.
    Inside,
    /// Its calls may have done something elsewhere, or read what an earlier call kept.
    Outside,
}

/// One turn.
pub(crate) async fn turn(shared: Arc<Shared>, turn: Turn<DeliveryLane, Delivery>) {
    match turn.work {
        Work::Items(deliveries) => Box::pin(work(&shared, &turn.key, deliveries)).await,
        Work::Refill { after } => refill(&shared, &turn.key, after).await,
    }
}

async fn refill(shared: &Shared, key: &DeliveryLane, after: i64) {
    // While a connection is down its lanes are asked again and again whether it is up: that reads nothing.
    let connection = (key.tenant.clone(), key.adapter.clone());
    let generation = shared.chains.get(&key.tenant).map_or(0, |chain| chain.generation);
    if let Err(until) = shared.connections.look(&connection, generation, shared.clock.now()) {
        return shared.deliveries.hold(key, after, until);
    }
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
    let mut receipts = Receipts::default();
    for delivery in deliveries {
        let before = delivery.id - 1;
        let payload = DeliveryV1::read(&delivery.payload);
        // What it refers to is looked up in the database: it has to be there.
        if payload.as_ref().is_ok_and(DeliveryV1::refers)
            && let Some((after, until)) = receipts.commit(shared, key).await
        {
            return shared.deliveries.hold(key, after, until);
        }
        let tried = match attempt::attempt(shared, key, delivery, payload, &receipts).await {
            Ok(tried) => tried,
            Err(error) => {
                warn!(conversation = %key.conversation, %error, "the lane waits: the database cannot be read");
                Tried::Hold(shared.clock.now() + PAUSE)
            }
        };
        match tried {
            Tried::Hold(until) => {
                let held = receipts.commit(shared, key).await.unwrap_or((before, until));
                return shared.deliveries.hold(key, held.0, held.1);
            }
            Tried::Result(result, reach) => {
                receipts.add(*result, reach);
                if receipts.is_due()
                    && let Some((after, until)) = receipts.commit(shared, key).await
                {
                    return shared.deliveries.hold(key, after, behind_others(shared, key, until));
                }
            }
        }
    }
    match receipts.commit(shared, key).await {
        Some((after, until)) => shared.deliveries.hold(key, after, until),
        None => shared.deliveries.done(key),
    }
}

/// Whoever has just failed lets the others look first whether the connection is up again.
fn behind_others(shared: &Shared, key: &DeliveryLane, until: Millis) -> Millis {
    let connection = (key.tenant.clone(), key.adapter.clone());
    let generation = shared.chains.get(&key.tenant).map_or(0, |chain| chain.generation);
    match shared.connections.look(&connection, generation, shared.clock.now()) {
        Ok(()) => until,
        Err(open) => until.max(open + AFTER_OTHERS),
    }
}

/// The lane of a delivery.
pub(crate) fn lane(delivery: &Delivery) -> DeliveryLane {
    DeliveryLane {
        tenant: delivery.tenant.clone(),
        conversation: delivery.conversation.clone(),
        adapter: delivery.adapter.clone(),
    }
}
