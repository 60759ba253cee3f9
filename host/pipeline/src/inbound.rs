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
    undecided::Undecided,
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
    let mut undecided = Undecided::default();
    let mut held = None;
    {
        let _thread = shared.compute(&key.tenant).await;
        for event in events {
            let seq = event.seq;
            match event::handle(shared, &view, key, event, &undecided).await {
                Ok(Handled::Decided(decision)) => {
                    undecided.add(&decision);
                    handled.push(Arc::from(decision));
                }
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
    match commit(shared, key, handled).await.or(held) {
        Some((after, until)) => hold(after, until),
        None => shared.inbound.done(key),
    }
}

/// Commits, then hands on what was decided. All of a turn's decisions or none: a later one must not stand where an
/// earlier one is made again. Where the lane has to wait, answers behind which number and until when.
async fn commit(shared: &Shared, key: &InboundLane, decisions: Vec<Arc<Decision>>) -> Option<(i64, Millis)> {
    let first = decisions.first()?;
    let (seq, event) = (first.seq, first.event_id.as_ref().map(EventId::as_str));
    match shared.store.decide_all(decisions.clone()).await {
        Ok(guards) => {
            for (decision, guard) in decisions.into_iter().zip(guards) {
                match guard {
                    Guarded::Applied => hand_on(shared, key, Arc::unwrap_or_clone(decision)).await,
                    Guarded::Stale => shared.forget_room(&key.registration, &key.room),
                }
            }
            None
        }
        Err(StorageError::Refused(error)) if decisions.len() == 1 => {
            // It will be refused for ever as it is: kept aside, with nothing of what a plugin made of it.
            error!(tenant = %key.tenant, room = %key.room, event, %error, "parked: the database refuses what was decided");
            shared.forget_room(&key.registration, &key.room);
            if let Some(event) = &first.event_id {
                shared.mark_parked(&key.tenant, event, true);
            }
            let parked = shared.store.decide(refused(first, error.to_string())).await;
            // What follows was decided as if this one stood: it is decided again.
            Some(if parked.is_ok() { (seq, 0) } else { (seq - 1, shared.clock.now() + PAUSE) })
        }
        Err(StorageError::Refused(_)) => {
            for decision in decisions {
                let held = Box::pin(commit(shared, key, vec![decision])).await;
                if held.is_some() {
                    return held;
                }
            }
            None
        }
        Err(error) => {
            error!(tenant = %key.tenant, room = %key.room, event, %error, "nothing from this event on is committed; it is tried again");
            shared.forget_room(&key.registration, &key.room);
            Some((seq - 1, shared.clock.now() + PAUSE))
        }
    }
}

pub(crate) fn refused(decision: &Decision, reason: String) -> Decision {
    Decision {
        seq: decision.seq,
        at: decision.at,
        tenant: decision.tenant.clone(),
        state: InboxState::Parked,
        event_id: decision.event_id.clone(),
        room: None,
        conversation: None,
        deliveries: Vec::new(),
        actions: Vec::new(),
        trace: Vec::new(),
        park: Some(Park { reason, ..Park::default() }),
    }
}

async fn hand_on(shared: &Shared, key: &InboundLane, decision: Decision) {
    metrics::counter!("patchbay_events_handled_total", "tenant" => key.tenant.to_string(), "state" => word(decision.state))
        .increment(1);
    if let Some(event) = decision.event_id.as_ref().filter(|_| !decision.deliveries.is_empty()) {
        shared.remember_routed(&key.tenant, event, &decision.deliveries);
    }
    if let Some(row) = decision.conversation {
        shared.remember_conversation(row).await;
    }
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
