//! Results of Matrix actions.

use rusqlite::params;

use crate::{
    action::{ActionOutcome, ActionResult},
    delivery::DeliveryState,
    error::StorageError,
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

impl Commit<'_> {
    pub(super) fn act(&self, result: &ActionResult, trace: &Packed) -> Result<Reply, StorageError> {
        const LINK: &str = "INSERT INTO links (tenant, adapter, part, event_id, ticket) \
                            SELECT tenant, origin_adapter, origin_part, event_id, origin_ticket FROM actions \
                            WHERE id = ? AND origin_part IS NOT NULL AND event_id IS NOT NULL \
                            ON CONFLICT DO NOTHING";
        let (id, at, tenant) = (result.id, result.at, Some(&result.tenant));
        if !self.action_outcome(result)? {
            return Ok(Reply::SKIPPED);
        }
        match &result.outcome {
            ActionOutcome::Sent { .. } => self.run(LINK, [id]).map(drop)?,
            ActionOutcome::Retry { .. } | ActionOutcome::Dropped(_) => {}
            ActionOutcome::Dead(park) => self.park(Subject::Action(id), tenant, None, park, at)?,
        }
        self.trace(Subject::Action(id), tenant, trace, at)?;
        Ok(Reply::WRITTEN)
    }

    /// Answers whether the action was still pending.
    fn action_outcome(&self, result: &ActionResult) -> Result<bool, StorageError> {
        const STATE: &str = "UPDATE actions SET state = ?2, attempt = ?3, not_before = ?4, last_error = ?5, \
                             event_id = coalesce(?6, event_id), done_at = ?7 WHERE id = ?1 AND state = 0";
        let (mut not_before, mut event) = (0, None);
        let (state, error) = match &result.outcome {
            ActionOutcome::Sent { event_id } => {
                event = event_id.as_ref().map(|event| event.as_str());
                (DeliveryState::Done, None)
            }
            ActionOutcome::Retry { at, error } => {
                not_before = *at;
                (DeliveryState::Pending, Some(error))
            }
            ActionOutcome::Dropped(reason) => (DeliveryState::Dropped, Some(reason)),
            ActionOutcome::Dead(park) => (DeliveryState::Dead, Some(&park.reason)),
        };
        let done = (state != DeliveryState::Pending).then_some(result.at);
        let row = params![result.id, state as u8, result.attempt, not_before, error, event, done];
        Ok(self.run(STATE, row)? > 0)
    }
}
