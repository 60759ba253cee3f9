//! What people are told of failure, with the mark that they were.

use rusqlite::params;

use crate::{
    error::StorageError,
    failure::{Mark, Telling},
    trace::Packed,
    writer::{apply::Commit, member::Reply},
};

impl Commit<'_> {
    pub(super) fn tell(&self, telling: &Telling, trace: &Packed) -> Result<Reply, StorageError> {
        if !self.mark(telling)? {
            return Ok(Reply::SKIPPED);
        }
        self.actions(&telling.actions, telling.at)?;
        self.deliveries(&telling.deliveries, None, telling.at)?;
        self.trace(telling.subject, Some(&telling.tenant), trace, telling.at)?;
        Ok(Reply::WRITTEN)
    }

    /// Answers whether it is new.
    fn mark(&self, telling: &Telling) -> Result<bool, StorageError> {
        const LATE: &str = "INSERT INTO told (tenant, conversation, registration, room_id, subject, ref, parked, at) \
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        // Whoever was told already knows; what was set aside last holds the outage open.
        const PARKED: &str = "UPDATE told SET parked = ?3 WHERE tenant = ?1 AND conversation = ?2 \
                              AND coalesce(parked, 0) < ?3";
        const OVER: &str = "DELETE FROM told WHERE tenant = ? AND conversation = ?";
        const NOTED: &str = "INSERT INTO notes (tenant, adapter, source, subject, ref, at) VALUES (?, ?, ?, ?, ?, ?) \
                             ON CONFLICT DO NOTHING";
        const SETTLED: &str = "UPDATE notes SET settled_at = ? WHERE id = ? AND settled_at IS NULL";
        let (tenant, (kind, id), at) = (telling.tenant.as_str(), telling.subject.columns(), telling.at);
        let rows = match &telling.mark {
            Mark::Late { conversation, registration, room_id, parked } => {
                let (conversation, registration) = (conversation.as_str(), registration.as_str());
                let row = params![tenant, conversation, registration, room_id.as_str(), kind, id, parked, at];
                let new = self.run(LATE, row)?;
                if new == 0
                    && let Some(parked) = parked
                {
                    self.run(PARKED, params![tenant, conversation, parked])?;
                }
                new
            }
            Mark::Over { conversation } => self.run(OVER, params![tenant, conversation.as_str()])?,
            Mark::Noted { adapter, source } => {
                self.run(NOTED, params![tenant, adapter.as_str(), source, kind, id, at])?
            }
            Mark::Settled { note } => self.run(SETTLED, params![at, note])?,
        };
        Ok(rows > 0)
    }
}
