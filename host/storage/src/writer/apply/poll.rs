//! A page of a poll: entries that are new, and how far the CRM was asked.

use rusqlite::params;

use crate::{
    error::StorageError,
    poll::Polled,
    trace::{Packed, Subject},
    writer::{apply::Commit, member::Reply},
};

impl<'a> Commit<'a> {
    pub(super) fn poll(&mut self, polled: &'a Polled, trace: &Packed) -> Result<Reply, StorageError> {
        const POLL: &str = "INSERT INTO polls (tenant, adapter, at) VALUES (?, ?, ?)";
        const NOTHING: &str = "DELETE FROM polls WHERE id = ?";
        const CURSOR: &str = "INSERT INTO cursors (tenant, adapter, cursor, at) VALUES (?, ?, ?, ?) \
                              ON CONFLICT DO UPDATE SET cursor = excluded.cursor, at = excluded.at";
        let (tenant, adapter, at) = (polled.tenant.as_str(), polled.adapter.as_str(), polled.at);
        let mut reply = Reply::default();
        if !polled.entries.is_empty() {
            self.run(POLL, params![tenant, adapter, at])?;
            let id = self.connection.last_insert_rowid();
            reply = self.entries((tenant, adapter, at), &polled.entries, (None, Some(id)))?;
            if reply.written > 0 {
                self.trace(Subject::Poll(id), Some(&polled.tenant), trace, at)?;
            } else {
                self.run(NOTHING, [id])?;
            }
        }
        self.kv(&polled.kv);
        self.run(CURSOR, params![tenant, adapter, polled.cursor, at])?;
        Ok(reply)
    }
}
