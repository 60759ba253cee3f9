//! Results of deliveries.

use patchbay_types::TicketId;
use rusqlite::params;

use crate::{
    delivery::{DeliveryOutcome, DeliveryResult, DeliveryState},
    error::StorageError,
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

/// The ticket and the identifiers of what got there, where anything did.
fn written(result: &DeliveryResult) -> Option<(Option<&TicketId>, &[String])> {
    match (&result.outcome, &result.written) {
        (DeliveryOutcome::Done { ticket, parts }, _) => Some((ticket.as_ref(), parts)),
        (_, Some(written)) => Some((written.ticket.as_ref(), &written.parts)),
        (_, None) => None,
    }
}

impl<'a> Commit<'a> {
    pub(super) fn deliver(
        &mut self,
        result: &'a DeliveryResult,
        trace: &Packed,
    ) -> Result<Reply, StorageError> {
        const LINK: &str = "INSERT INTO links (tenant, adapter, part, event_id, ticket) \
                            SELECT tenant, adapter, ?2, event_id, ticket FROM outbox \
                            WHERE id = ?1 AND event_id IS NOT NULL \
                            ON CONFLICT DO UPDATE SET event_id = excluded.event_id, ticket = excluded.ticket";
        let (id, at) = (result.id, result.at);
        if !self.outcome(result)? {
            return Ok(Reply::SKIPPED);
        }
        for part in written(result).map(|(_, parts)| parts).unwrap_or_default() {
            self.run(LINK, params![id, part])?;
        }
        if let Some(payload) = &result.rest {
            self.delivery_payload(id, payload)?;
        }
        if let DeliveryOutcome::Dead(park) = &result.outcome {
            self.park(Subject::Delivery(id), Some(&result.tenant), result.event_id.as_ref(), park, at)?;
        }
        self.tickets(&result.tickets)?;
        self.persons(&result.persons)?;
        self.desk(&result.desk)?;
        self.kv(&result.kv);
        if result.settled {
            self.settled(Subject::Delivery(id))?;
        }
        self.actions(&result.actions, at)?;
        self.trace(Subject::Delivery(id), Some(&result.tenant), trace, at)?;
        Ok(Reply::WRITTEN)
    }

    /// Answers whether the delivery was still pending.
    fn outcome(&self, result: &DeliveryResult) -> Result<bool, StorageError> {
        const STATE: &str = "UPDATE outbox SET state = ?2, attempt = ?3, not_before = ?4, last_error = ?5, \
                             ticket = coalesce(?6, ticket), parts = coalesce(?7, parts), done_at = ?8 \
                             WHERE id = ?1 AND state = 0";
        let mut not_before = 0;
        let (ticket, parts) = written(result).unzip();
        let ticket = ticket.flatten().map(TicketId::as_str);
        // A list of texts always serialises.
        let list = parts.map(|parts| serde_json::to_string(parts).unwrap_or_default());
        let (state, error) = match &result.outcome {
            DeliveryOutcome::Done { .. } => (DeliveryState::Done, None),
            DeliveryOutcome::Retry { at, error, .. } => {
                not_before = *at;
                (DeliveryState::Pending, Some(error))
            }
            DeliveryOutcome::Dropped(reason) => (DeliveryState::Dropped, Some(reason)),
            DeliveryOutcome::Dead(park) => (DeliveryState::Dead, Some(&park.reason)),
        };
        let done = (state != DeliveryState::Pending).then_some(result.at);
        let row = params![result.id, state as u8, result.attempt, not_before, error, ticket, list, done];
        Ok(self.run(STATE, row)? > 0)
    }
}
