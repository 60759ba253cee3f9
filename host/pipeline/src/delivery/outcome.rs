//! What an adapter's answer means for the delivery: done, again later, set aside.

use patchbay_plugin::{
    adapter::{Failure, FailureKind},
    call::Fault,
    types::Change,
};
use patchbay_storage::{DeliveryOutcome, Park, Ticket, Written};
use patchbay_types::Millis;
use tracing::warn;

use crate::{
    delivery::attempt::{Attempt, Effects},
    fault::Verdict,
    keys,
    outside::Found,
    payload::Place,
    retry, steps, tickets,
};

/// So often a message looks for another ticket, or another person, before it is set aside.
const LOST: u32 = 3;
/// So often a delivery finds nobody there while others are answered, before it is set aside: over an hour or so.
const ALONE: u32 = 12;

/// What the adapter's functions came to.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// The adapter's identifiers of what was written; none: nothing was.
    pub(crate) parts: Option<Vec<String>>,
    /// The desk's writes up to the last function that succeeded, where one did before another failed.
    pub(crate) kept: Option<usize>,
    /// Why it stopped, if it did.
    pub(crate) failure: Option<Failure>,
    /// It faulted over the changes, after the message was written.
    pub(crate) fault: Option<Fault>,
}

/// What is to become of a delivery that failed.
enum Failed {
    /// Again, not before then.
    Again(Millis),
    /// Again, as a delivery that is not quite the same. `afresh`: what it did so far is not part of it.
    Changed { at: Millis, payload: String, afresh: bool },
    /// Never.
    Never(Park),
    /// There is nothing left to be done.
    Pointless,
}

// === impl Ended ===

impl Ended {
    /// Whether the adapter says that nobody is there, or nobody who would talk to it.
    pub(crate) fn is_down(&self) -> bool {
        let kind = self.failure.as_ref().map(|failure| failure.kind);
        matches!(kind, Some(FailureKind::Unavailable | FailureKind::Unauthorised))
    }
}

/// Judges how an attempt ended; `verdict` is about the fault that it ended with, if it did.
pub(crate) fn judge(
    attempt: &Attempt<'_>,
    ended: Ended,
    verdict: Option<Verdict<()>>,
    number: u32,
    effects: &mut Effects,
) -> DeliveryOutcome {
    let ticket = attempt.ticket.as_ref().map(|ticket| ticket.ticket.clone());
    let earlier = attempt.payload.written.clone();
    let written = ended.parts.clone().or(earlier);
    let (error, failed) = match (&ended.failure, verdict) {
        (_, Some(Verdict::Park(park))) => (park.reason.clone(), Failed::Never(park)),
        (_, Some(Verdict::Skip(why))) => (why, Failed::Pointless),
        (None, _) => return DeliveryOutcome::Done { ticket, parts: written.unwrap_or_default() },
        (Some(failure), _) => (said(failure), failed(attempt, failure, number, &written)),
    };
    if let Some(parts) = &written {
        // The changes are what is left, of a message that is linked from now on.
        if matches!(failed, Failed::Again(_) | Failed::Never(_)) && attempt.payload.written.is_none() {
            effects.rest = Some(changes_alone(attempt, parts));
            effects.written = Some(Written { ticket: ticket.clone(), parts: parts.clone() });
        }
    }
    match (failed, written) {
        (Failed::Again(at), _) => DeliveryOutcome::Retry { at, error },
        (Failed::Changed { at, payload, afresh }, _) => {
            (effects.rest, effects.afresh) = (Some(payload), afresh);
            DeliveryOutcome::Retry { at, error }
        }
        (Failed::Never(park), _) => DeliveryOutcome::Dead(park),
        (Failed::Pointless, Some(parts)) => DeliveryOutcome::Done { ticket, parts },
        (Failed::Pointless, None) => DeliveryOutcome::Dropped(error),
    }
}

/// An adapter's failure in a sentence, in the contract's words.
pub(crate) fn said(failure: &Failure) -> String {
    format!("{}: {}", failure_word(failure.kind), failure.detail)
}

/// The contract's word for a kind of failure.
pub(crate) fn failure_word(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Busy => "busy",
        FailureKind::Unavailable => "unavailable",
        FailureKind::Unauthorised => "unauthorised",
        FailureKind::Rejected => "rejected",
        FailureKind::Gone => "gone",
        FailureKind::UnknownPerson => "unknown-person",
        FailureKind::Unsupported => "unsupported",
    }
}

/// What is left where the message is written, and the changes behind it are not made: under the same key, in the same
/// place in the lane.
fn changes_alone(attempt: &Attempt<'_>, parts: &[String]) -> String {
    let mut payload = attempt.payload.clone();
    payload.written = Some(parts.to_vec());
    if let Some(ticket) = &attempt.ticket {
        payload.place = Place::Ticket(ticket.ticket.to_string());
    }
    payload.to_json()
}

fn failed(attempt: &Attempt<'_>, failure: &Failure, number: u32, written: &Option<Vec<String>>) -> Failed {
    let (tenant, adapter) = (&attempt.lane.tenant, &attempt.lane.adapter);
    warn!(%tenant, %adapter, event = attempt.caller.about.as_deref(), attempt = number, kind = ?failure.kind,
        "the adapter did not deliver");
    let pause = |n: u32| attempt.now + retry::pause(n, failure.retry_after, &mut rand::rng());
    let never = |why: &str| {
        let chain = &attempt.view.chain;
        let component = chain.adapters.get(adapter).map(|slot| slot.plugin.digest().to_string());
        let reason = format!("{}{why}", said(failure));
        Failed::Never(Park { slot: Some(attempt.caller.slot.to_string()), component, reason, behind: None })
    };
    let refused = attempt.files.refused();
    if !refused.is_empty() && written.is_none() {
        // Without those files it may go through, whatever the adapter made of their absence.
        let mut payload = attempt.payload.clone();
        payload.withheld.extend(refused);
        return Failed::Changed { at: attempt.now, payload: payload.to_json(), afresh: false };
    }
    match failure.kind {
        FailureKind::Busy => Failed::Again(pause(number)),
        FailureKind::Unavailable | FailureKind::Unauthorised => {
            if failure.kind == FailureKind::Unauthorised {
                tracing::error!(%tenant, %adapter, "the adapter may not do what it wants there: nothing is delivered until the credentials or the grants are mended; `patchbay why` says which");
            }
            let Some(pass) = &attempt.pass else { return Failed::Again(pause(number)) };
            match pass.is_down(attempt.now, failure.retry_after, &mut rand::rng()) {
                // The connection says when: as soon as it is up again, this one may go.
                Found::Down(_) => Failed::Again(attempt.now),
                Found::Alone(times) if times < ALONE => Failed::Again(pause(number)),
                Found::Alone(times) => never(&format!(" ({times} times, while others were answered)")),
            }
        }
        FailureKind::UnknownPerson => {
            // Whom it forgets with the receipt the next attempt asks for again.
            let mut payload = attempt.payload.clone();
            payload.unknown += 1;
            if payload.unknown > LOST || written.is_some() {
                return never(", again and again");
            }
            Failed::Changed { at: pause(payload.unknown), payload: payload.to_json(), afresh: false }
        }
        // A change of an earlier message has nowhere to go, nor has what was to come behind one that is written.
        FailureKind::Gone
            if matches!(attempt.payload.place, Place::Follow | Place::Only(_)) || written.is_some() =>
        {
            Failed::Pointless
        }
        FailureKind::Gone => {
            let mut payload = attempt.payload.clone();
            payload.gone += 1;
            if payload.gone > LOST {
                return never(", again and again");
            }
            // Whatever was done for the ticket that is gone says nothing about another one.
            (payload.place, payload.key) = (Place::Open, keys::elsewhere(&payload.key, payload.gone));
            // Where the ticket was an old one, nobody needs time to mend anything.
            let at_once = attempt.was.is_some() && payload.gone == 1;
            let at = if at_once { attempt.now } else { pause(payload.gone) };
            Failed::Changed { at, payload: payload.to_json(), afresh: true }
        }
        FailureKind::Rejected | FailureKind::Unsupported => never(""),
    }
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
