//! What an adapter's answer means for the delivery: done, again later, set aside.

use patchbay_plugin::{
    adapter::{Failure, FailureKind},
    types::Change,
};
use patchbay_storage::{DeliveryOutcome, NewDelivery, Park, Ticket};
use patchbay_types::Millis;
use tracing::warn;

use crate::{delivery::attempt::Attempt, keys, payload::Place, retry, steps, tickets};

/// What the adapter's functions came to.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// The adapter's identifiers of what was written; none: nothing was.
    pub(crate) parts: Option<Vec<String>>,
    /// The desk's writes up to the last function that succeeded, where one did before another failed.
    pub(crate) kept: Option<usize>,
    /// Why it stopped, if it did.
    pub(crate) failure: Option<Failure>,
}

// === impl Ended ===

impl Ended {
    /// Whether the adapter says that nobody is there, or nobody who would talk to it.
    pub(crate) fn is_down(&self) -> bool {
        let kind = self.failure.as_ref().map(|failure| failure.kind);
        matches!(kind, Some(FailureKind::Unavailable | FailureKind::Unauthorised))
    }
}

/// Judges how an attempt ended; answers also what is left to be delivered, where the message got there and the
/// changes behind it did not.
pub(crate) fn judge(
    attempt: &Attempt<'_>,
    ended: Ended,
    number: u32,
) -> (DeliveryOutcome, Option<NewDelivery>) {
    let ticket = attempt.ticket.as_ref().map(|ticket| ticket.ticket.clone());
    match (ended.failure, ended.parts) {
        (None, parts) => (DeliveryOutcome::Done { ticket, parts: parts.unwrap_or_default() }, None),
        (Some(failure), None) => (failed(attempt, &failure, number), None),
        (Some(failure), Some(parts)) => {
            let rest = match failed(attempt, &failure, number) {
                DeliveryOutcome::Retry { at, .. } => Some(changes_alone(attempt, at)),
                _ => None,
            };
            (DeliveryOutcome::Done { ticket, parts }, rest)
        }
    }
}

fn changes_alone(attempt: &Attempt<'_>, at: Millis) -> NewDelivery {
    let mut payload = attempt.payload.clone();
    payload.message = None;
    payload.key = keys::rest_of(&payload.key);
    if let Some(ticket) = &attempt.ticket {
        payload.place = Place::Ticket(ticket.ticket.to_string());
    }
    NewDelivery {
        id: attempt.shared.store.next_delivery_id(),
        tenant: attempt.lane.tenant.clone(),
        conversation: attempt.lane.conversation.clone(),
        adapter: attempt.lane.adapter.clone(),
        event_id: None,
        ticket: attempt.ticket.as_ref().map(|ticket| ticket.ticket.clone()),
        internal: attempt.internal,
        payload: payload.to_json(),
        not_before: at,
        generation: i64::try_from(attempt.view.chain.generation).unwrap_or(i64::MAX),
    }
}

fn failed(attempt: &Attempt<'_>, failure: &Failure, number: u32) -> DeliveryOutcome {
    let (tenant, adapter) = (&attempt.lane.tenant, &attempt.lane.adapter);
    warn!(%tenant, %adapter, event = attempt.caller.about.as_deref(), attempt = number, kind = ?failure.kind,
        "the adapter did not deliver");
    let error = format!("{:?}: {}", failure.kind, failure.detail);
    match failure.kind {
        // An unknown person's identifier is forgotten with the receipt: the next attempt asks `contact` again.
        FailureKind::Busy | FailureKind::UnknownPerson => {
            let at = attempt.now + retry::pause(number, failure.retry_after, &mut rand::rng());
            DeliveryOutcome::Retry { at, error, payload: None }
        }
        FailureKind::Unavailable | FailureKind::Unauthorised => {
            if failure.kind == FailureKind::Unauthorised {
                tracing::error!(%tenant, %adapter, "the CRM refuses our credentials: nothing is delivered until they are mended");
            }
            let (connection, generation) = ((tenant.clone(), adapter.clone()), attempt.view.chain.generation);
            let (now, asked, random) = (attempt.now, failure.retry_after, &mut rand::rng());
            // The connection says when: as soon as it is up again, this one may go.
            attempt.shared.connections.is_down(&connection, generation, now, asked, random);
            DeliveryOutcome::Retry { at: now, error, payload: None }
        }
        FailureKind::Gone => again_elsewhere(attempt, error),
        FailureKind::Rejected | FailureKind::Unsupported => {
            let chain = &attempt.view.chain;
            let component = chain.adapters.get(adapter).map(|slot| slot.plugin.digest().to_string());
            DeliveryOutcome::Dead(Park {
                slot: Some(attempt.caller.slot.to_string()),
                component,
                reason: error,
                behind: None,
            })
        }
    }
}

/// The ticket is gone: a message goes to another one, a change of an earlier message has nowhere to go.
fn again_elsewhere(attempt: &Attempt<'_>, error: String) -> DeliveryOutcome {
    if attempt.payload.place == Place::Follow {
        return DeliveryOutcome::Dropped(error);
    }
    let mut payload = attempt.payload.clone();
    payload.place = Place::Open;
    let payload = payload.to_json();
    DeliveryOutcome::Retry { at: attempt.now, error, payload: Some(payload) }
}

/// What a ticket's row makes of changes that its adapter took.
pub(crate) fn apply(ticket: &mut Ticket, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Status(status) => {
                ticket.status = tickets::status_word(*status).to_owned();
                ticket.open = tickets::is_open(*status);
            }
            Change::Queue(queue) => ticket.queue = queue.as_ref().map(steps::json),
            Change::Assignee(who) => ticket.assignee = who.as_ref().map(steps::json),
            Change::Priority(_)
            | Change::Subject(_)
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::Field(_) => {}
        }
    }
}

/// Makes `was` differ from `ticket` where a change was asked for: it is written then, even if it was so before, since
/// somebody may have changed it meanwhile.
pub(crate) fn on_purpose(was: &mut Ticket, ticket: &Ticket, changes: &[Change]) {
    let other = |now: &Option<String>| if now.is_some() { None } else { Some(String::new()) };
    for change in changes {
        match change {
            Change::Status(_) => (was.status, was.open) = (String::new(), !ticket.open),
            Change::Queue(_) => was.queue = other(&ticket.queue),
            Change::Assignee(_) => was.assignee = other(&ticket.assignee),
            _ => {}
        }
    }
}

/// The word that metrics use.
pub(crate) fn word(outcome: &DeliveryOutcome) -> &'static str {
    match outcome {
        DeliveryOutcome::Done { .. } => "done",
        DeliveryOutcome::Retry { .. } => "retry",
        DeliveryOutcome::Dead(_) => "dead",
        DeliveryOutcome::Dropped(_) => "dropped",
    }
}

#[cfg(test)]
mod tests {
    use patchbay_plugin::types::TicketStatus;
    use patchbay_storage::TicketChange;

    use super::*;

    #[test]
    fn a_status_that_was_asked_for_is_written_over_what_an_agent_did_meanwhile() {
        let open = Ticket {
            tenant: "t".into(),
            conversation: "c".into(),
            adapter: "desk".into(),
            ticket: "D-1".into(),
            url: None,
            status: "open".into(),
            queue: None,
            assignee: None,
            opened_at: 1,
            last_activity_at: 1,
            open: true,
        };
        let closed = Ticket { status: "closed".into(), open: false, ..open.clone() };
        let changes = [Change::Status(TicketStatus::Open)];
        let (mut was, mut wanted) = (open.clone(), open.clone());
        apply(&mut wanted, &changes);
        on_purpose(&mut was, &wanted, &changes);
        let mut now = closed.clone();
        TicketChange { was: Some(was), ticket: wanted }.apply_to(&mut now);
        assert_eq!(now, open);
        let mut now = closed.clone();
        TicketChange { was: Some(open.clone()), ticket: open }.apply_to(&mut now);
        assert_eq!(now, closed);
    }
}
