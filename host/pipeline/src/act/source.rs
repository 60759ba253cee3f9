//! The source identifier: it stands in everything that we send. Where a homeserver may have taken an event and cannot be
//! trusted to know that it has, the event is looked for by it in the room before it is sent again.
//!
//! What tells that it may have been taken: an attempt that was committed, or that the action was read from the database,
//! as after a crash. So nothing has to be written down before a send, and what is handed on from its own commit, which is
//! nearly everything, is never looked for.

use patchbay_matrix::{ClientError, Intent};
use patchbay_storage::Action;
use patchbay_types::{EventId, Millis, UserId};
use serde::Deserialize;
use serde_json::Value;
use tracing::{info, warn};

use crate::{payload::Act, shared::Homeserver};

/// Where it stands in an event's content.
const SOURCE: &str = "dev.patchbay.source";
/// For so long a homeserver remembers a transaction ID at least: Synapse forgets one without a device after 30 to 60
/// minutes, one with a device after a day.
const REMEMBERED: Millis = 30 * 60_000;
/// By so much a homeserver's clock may be behind ours.
const SKEW: Millis = 10 * 60_000;
/// Events of a page, and the most pages that are looked at: a room in which more was said meanwhile is left alone.
const PAGE: u16 = 100;
const PAGES: usize = 50;

/// What is looked at of an event: anybody may have written it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seen {
    event_id: Option<String>,
    sender: Option<String>,
    origin_server_ts: Option<Value>,
    content: Value,
}

/// The identifier of what this action sends, as a field.
pub(super) fn of(action: &Action) -> (&'static str, &str) {
    (SOURCE, &action.txn_id)
}

/// Content with the identifier in it.
pub(super) fn marked(content: &str, action: &Action) -> String {
    match serde_json::from_str(content) {
        Ok(Value::Object(mut fields)) => {
            let (key, source) = of(action);
            fields.insert(key.to_owned(), source.into());
            Value::Object(fields).to_string()
        }
        // It is refused where it is sent.
        _ => content.to_owned(),
    }
}

/// Whether an earlier attempt may have left an event that is not to be there twice. What else is done twice is done once.
pub(super) fn may_be_there(action: &Action, act: &Act) -> bool {
    matches!(act, Act::Send { .. }) && (!action.untried || action.attempt > 0)
}

/// Whether the homeserver may have forgotten the transaction ID of an earlier attempt.
pub(super) fn is_forgotten(intent: &Intent, action: &Action, now: Millis) -> bool {
    !intent.is_idempotent() || now.saturating_sub(action.created_at) > REMEMBERED
}

/// The event that an earlier attempt of this action became, if it is in the room.
///
/// # Errors
/// When the room cannot be read now.
pub(super) async fn find(
    homeserver: &Homeserver,
    intent: &Intent,
    action: &Action,
    user: &UserId,
) -> Result<Option<EventId>, ClientError> {
    match look(intent, action, user).await {
        // A user who is not there any more may have been there.
        Err(ClientError::Forbidden(_) | ClientError::NotFound(_)) => {}
        answer => return answer,
    }
    let bot = homeserver.client.act_as(homeserver.ghosts.bot(), None)?;
    match look(&bot, action, user).await {
        Err(ClientError::Forbidden(_) | ClientError::NotFound(_)) => Ok(None),
        answer => answer,
    }
}

/// Reads the room backwards, to before the action was decided.
async fn look(intent: &Intent, action: &Action, user: &UserId) -> Result<Option<EventId>, ClientError> {
    let since = action.created_at.saturating_sub(SKEW);
    let mut from = None;
    for _ in 0..PAGES {
        let page = intent.messages(&action.room_id, from.as_deref(), PAGE).await?;
        let mut before = false;
        for event in &page.events {
            let seen: Seen = serde_json::from_str(event).unwrap_or_default();
            // Others may copy an identifier that they have read, or guess one.
            if seen.sender.as_deref() == Some(user.as_str())
                && seen.content.get(SOURCE).and_then(Value::as_str) == Some(&action.txn_id)
                && let Some(event_id) = seen.event_id
            {
                metrics::counter!("patchbay_actions_found_total").increment(1);
                info!(tenant = %action.tenant, room = %action.room_id, action = action.id, event = %event_id,
                    "it is in the room already: it is not sent again");
                return Ok(Some(EventId::from(event_id)));
            }
            before |= seen.origin_server_ts.and_then(|at| at.as_u64()).is_some_and(|at| at < since);
        }
        if before || page.next.is_none() || page.next == from {
            return Ok(None);
        }
        from = page.next;
    }
    warn!(tenant = %action.tenant, room = %action.room_id, action = action.id,
        "too much was said since to look through: it is sent, and may be there twice");
    metrics::counter!("patchbay_actions_not_looked_for_total").increment(1);
    Ok(None)
}

#[cfg(test)]
mod tests {
    use patchbay_storage::DeliveryState;

    use super::*;

    fn action(untried: bool, attempt: u32) -> Action {
        Action {
            id: 1,
            tenant: "acme".into(),
            registration: "patchbay".into(),
            room_id: "!r".into(),
            source: "$e".into(),
            ordinal: 0,
            txn_id: "t1".into(),
            payload: String::new(),
            origin: None,
            state: DeliveryState::Pending,
            attempt,
            not_before: 0,
            last_error: None,
            event_id: None,
            created_at: 0,
            untried,
        }
    }

    #[test]
    fn what_is_sent_has_its_source_and_no_other() {
        let content = marked(r#"{"body":"a","dev.patchbay.source":"forged"}"#, &action(true, 0));
        assert_eq!(content, r#"{"body":"a","dev.patchbay.source":"t1"}"#);
    }

    #[test]
    fn only_a_message_that_somebody_may_have_tried_is_looked_for() {
        let send = Act::Send { event_type: "m.room.message".to_owned(), content: "{}".to_owned() };
        assert!(!may_be_there(&action(true, 0), &send));
        assert!(may_be_there(&action(false, 0), &send));
        assert!(may_be_there(&action(true, 1), &send));
        assert!(!may_be_there(&action(false, 3), &Act::Join));
    }
}
