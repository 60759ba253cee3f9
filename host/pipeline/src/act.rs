//! Turns of the Matrix lanes: one action after the other is carried out under its transaction ID, and what came of it
//! is committed before the next.

mod arrange;
mod perform;
mod source;

use std::sync::Arc;

use patchbay_storage::{Action, ActionOutcome, ActionResult, Guarded, Park, Trace};
use patchbay_types::Millis;
use tracing::{error, warn};

use crate::{
    crash,
    lanes::{Turn, Work},
    media,
    payload::ActionPayload,
    queues::ActionLane,
    retry,
    shared::Shared,
    steps,
};

pub(crate) use self::perform::{Failed, ready};

/// How long a lane waits after the database failed.
const PAUSE: Millis = 1_000;
/// Rows read for a lane at once.
const REFILL: u32 = 256;

/// The lane of an action.
pub(crate) fn lane(action: &Action) -> ActionLane {
    ActionLane {
        tenant: action.tenant.clone(),
        registration: action.registration.clone(),
        room: action.room_id.clone(),
    }
}

/// One turn.
pub(crate) async fn turn(shared: Arc<Shared>, turn: Turn<ActionLane, Action>) {
    match turn.work {
        Work::Items(actions) => work(&shared, &turn.key, actions).await,
        Work::Refill { after } => refill(&shared, &turn.key, after).await,
    }
}

async fn refill(shared: &Shared, key: &ActionLane, after: i64) {
    match shared.store.actions_in_lane(&key.tenant, &key.registration, &key.room, after, REFILL).await {
        Ok(rows) => {
            let more = rows.len() == REFILL as usize;
            shared.actions.refill(key, after, rows.into_iter().map(|row| (row.id, row)).collect(), more);
        }
        Err(error) => {
            warn!(room = %key.room, %error, "the lane waits: the database cannot be read");
            shared.actions.hold(key, after, shared.clock.now() + PAUSE);
        }
    }
}

async fn work(shared: &Arc<Shared>, key: &ActionLane, actions: Vec<Action>) {
    for action in actions {
        let before = action.id - 1;
        if !retry::is_due(action.not_before, shared.clock.now()) {
            return shared.actions.hold(key, before, action.not_before);
        }
        let result = attempt(shared, action).await;
        if let Some(until) = commit(shared, key, result).await {
            return shared.actions.hold(key, before, until);
        }
    }
    shared.actions.done(key);
}

async fn attempt(shared: &Arc<Shared>, action: Action) -> ActionResult {
    let now = shared.clock.now();
    let number = action.attempt + 1;
    let mut trace = Trace::new();
    let ended = match serde_json::from_str(&action.payload) {
        Ok(ActionPayload::V1(payload)) => {
            let filled = Box::pin(media::fill(shared, &action, payload, &mut trace)).await;
            match filled {
                Ok(payload) => {
                    crash::point("before-act");
                    let performed = perform::perform(shared, &action, &payload).await;
                    crash::point("after-act");
                    if performed.is_ok() {
                        media::show_avatar(shared, &action, &payload);
                    }
                    performed
                }
                Err(failed) => Err(failed),
            }
        }
        Err(error) => Err(Failed::Never(format!("its stored form cannot be read: {error}"))),
    };
    let mut answer = String::new();
    let outcome = match ended {
        Ok(event_id) => {
            answer = event_id.as_ref().map(ToString::to_string).unwrap_or_default();
            ActionOutcome::Sent { event_id }
        }
        Err(Failed::Later { error, retry_after }) => {
            let at = now + retry::pause(number, retry_after, &mut rand::rng());
            warn!(tenant = %action.tenant, room = %action.room_id, action = action.id, attempt = number, %error, "not done in Matrix yet");
            ActionOutcome::Retry { at, error }
        }
        Err(Failed::Never(reason)) => {
            warn!(tenant = %action.tenant, room = %action.room_id, action = action.id, %reason, "parked: the homeserver refuses it");
            ActionOutcome::Dead(Park { reason, ..Park::default() })
        }
    };
    let word = word(&outcome);
    let mut step = steps::host("matrix.act", now, word, answer);
    step.took_us = shared.clock.now().saturating_sub(now) * 1_000;
    trace.push(step);
    metrics::counter!("patchbay_actions_total", "tenant" => action.tenant.to_string(), "outcome" => word)
        .increment(1);
    ActionResult { id: action.id, tenant: action.tenant, at: now, attempt: number, outcome, trace }
}

/// Commits; answers until when the lane has to wait, if it has to.
async fn commit(shared: &Shared, key: &ActionLane, result: ActionResult) -> Option<Millis> {
    let hold = match &result.outcome {
        ActionOutcome::Retry { at, .. } => Some(*at),
        _ => None,
    };
    let id = result.id;
    match shared.store.acted(result).await {
        Ok(Guarded::Applied) => {
            crash::point("after-acted");
            hold
        }
        Ok(Guarded::Stale) => None,
        Err(error) => {
            error!(tenant = %key.tenant, action = id, %error,
                "done in Matrix, but that is not committed: it is done again, under the same transaction ID");
            Some(shared.clock.now() + PAUSE)
        }
    }
}

fn word(outcome: &ActionOutcome) -> &'static str {
    match outcome {
        ActionOutcome::Sent { .. } => "sent",
        ActionOutcome::Retry { .. } => "retry",
        ActionOutcome::Dead(_) => "dead",
        ActionOutcome::Dropped(_) => "dropped",
    }
}
