//! Decisions: all that follows from one event.

use rusqlite::params;

use crate::{
    decision::Decision,
    error::StorageError,
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

impl<'a> Commit<'a> {
    pub(super) fn decide(&mut self, decision: &'a Decision, trace: &Packed) -> Result<Reply, StorageError> {
        const STATE: &str =
            "UPDATE inbox SET state = ?2, tenant = ?3, decided_at = ?4 WHERE seq = ?1 AND state = 0";
        let (seq, at, tenant) = (decision.seq, decision.at, decision.tenant.as_ref());
        let row = params![seq, decision.state as u8, tenant.map(|tenant| tenant.as_str()), at];
        if self.run(STATE, row)? == 0 {
            return Ok(Reply::SKIPPED);
        }
        if let Some(room) = &decision.room {
            self.room(room);
        }
        if let Some(conversation) = &decision.conversation {
            self.conversation(conversation);
        }
        self.deliveries(&decision.deliveries, Some(seq), at)?;
        self.actions(&decision.actions, at)?;
        if let Some(park) = &decision.park {
            self.park(Subject::Inbox(seq), tenant, decision.event_id.as_ref(), park, at)?;
        }
        self.trace(Subject::Inbox(seq), tenant, trace, at)?;
        Ok(Reply::WRITTEN)
    }
}
