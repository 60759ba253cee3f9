//! Turns of the inbound lanes: a lane's events are handled in order, committed together, and only then does the lane
//! go on.

use std::sync::Arc;

use patchbay_storage::{Decision, Guarded, InboxEvent, InboxState, Park, StorageError};
use patchbay_types::{EventId, Millis};
use tracing::{error, warn};

use crate::{
    event::{self, Handled},
    lanes::{Turn, Work},
    queues::InboundLane,
    shared::Shared,
};

/// How long a lane waits after the database failed, or where its tenant has no chain.
const PAUSE: Millis = 1_000;
const FAR: Millis = 60_000;
/// Rows read for a lane at once.
const REFILL: u32 = 64;

/// One turn.
pub(crate) async fn turn(shared: Arc<Shared>, turn: Turn<InboundLane, InboxEvent>) {
    match turn.work {
        Work::Items(events) => work(&shared, &turn.key, events).await,
        Work::Refill { after } => refill(&shared, &turn.key, after).await,
    }
}

async fn refill(shared: &Shared, key: &InboundLane, after: i64) {
    match shared.store.pending_in_room(&key.registration, Some(&key.room), after, REFILL).await {
        Ok(rows) => {
            let more = rows.len() == REFILL as usize;
            shared.inbound.refill(key, after, rows.into_iter().map(|row| (row.seq, row)).collect(), more);
        }
        Err(error) => {
            warn!(room = %key.room, %error, "the lane waits: the database cannot be read");
            shared.inbound.hold(key, after, shared.clock.now() + PAUSE);
        }
    }
}

async fn work(shared: &Arc<Shared>, key: &InboundLane, events: Vec<InboxEvent>) {
    let Some(first) = events.first().map(|event| event.seq) else { return shared.inbound.done(key) };
    let hold = |after: i64, until: Millis| shared.inbound.hold(key, after, until);
    let Some(view) = shared.view(&key.tenant) else {
        return hold(first - 1, shared.clock.now() + FAR);
    };
    let mut handled = Vec::with_capacity(events.len());
    let mut held = None;
    {
        let _thread = shared.compute(&key.tenant).await;
        for event in events {
            let seq = event.seq;
            match event::handle(shared, &view, key, event).await {
                Ok(Handled::Decided(decision)) => handled.push(*decision),
                Ok(Handled::Hold(until)) => {
                    held = Some((seq - 1, until));
                    break;
                }
                Err(error) => {
                    warn!(room = %key.room, %error, "the lane waits: the database cannot be read");
                    held = Some((seq - 1, shared.clock.now() + PAUSE));
                    break;
                }
            }
        }
    }
    if !commit(shared, key, handled).await {
        return hold(first - 1, shared.clock.now() + PAUSE);
    }
    match held {
        Some((after, until)) => hold(after, until),
        None => shared.inbound.done(key),
    }
}

/// Commits, then hands on what was decided; answers whether it is committed.
async fn commit(shared: &Shared, key: &InboundLane, decisions: Vec<Decision>) -> bool {
    if decisions.is_empty() {
        return true;
    }
    let guards = match shared.store.decide_all(decisions.clone()).await {
        Ok(guards) => guards,
        Err(error) => {
            error!(tenant = %key.tenant, room = %key.room, %error, "nothing of this turn is committed; it is tried again");
            shared.forget_room(&key.registration, &key.room);
            return false;
        }
    };
    let mut committed = true;
    for (decision, guard) in decisions.into_iter().zip(guards) {
        match guard {
            Ok(Guarded::Applied) => hand_on(shared, key, decision),
            Ok(Guarded::Stale) => shared.forget_room(&key.registration, &key.room),
            Err(StorageError::Refused(error)) => {
                // It will be refused for ever as it is: kept aside, with nothing of what a plugin made of it.
                error!(tenant = %key.tenant, room = %key.room, %error, "parked: the database refuses what was decided");
                let bare = refused(&decision, error.to_string());
                committed &= shared.store.decide(bare).await.is_ok();
                shared.forget_room(&key.registration, &key.room);
            }
            Err(error) => {
                error!(tenant = %key.tenant, room = %key.room, event = decision.event_id.as_ref().map(EventId::as_str),
                    %error, "a decision is not committed; it is made again");
                shared.forget_room(&key.registration, &key.room);
                committed = false;
            }
        }
    }
    committed
}

fn refused(decision: &Decision, reason: String) -> Decision {
    Decision {
        seq: decision.seq,
        at: decision.at,
        tenant: decision.tenant.clone(),
        state: InboxState::Parked,
        event_id: decision.event_id.clone(),
        room: None,
        conversation: None,
        tickets: Vec::new(),
        deliveries: Vec::new(),
        actions: Vec::new(),
        trace: Vec::new(),
        park: Some(Park { reason, ..Park::default() }),
    }
}

fn hand_on(shared: &Shared, key: &InboundLane, decision: Decision) {
    metrics::counter!("patchbay_events_handled_total", "tenant" => key.tenant.to_string(), "state" => word(decision.state))
        .increment(1);
    for delivery in decision.deliveries {
        shared.push_delivery(delivery, Some(decision.seq), decision.at);
    }
    for action in decision.actions {
        shared.push_action(action, decision.at);
    }
}

fn word(state: InboxState) -> &'static str {
    match state {
        InboxState::Pending => "pending",
        InboxState::Done => "done",
        InboxState::Parked => "parked",
        InboxState::Ignored => "ignored",
        InboxState::Nobody => "nobody",
    }
}
