//! Transactions into the inbox.

use patchbay_types::Digest;
use rusqlite::params;

use crate::{
    error::StorageError,
    inbox::{InboxEvent, InboxState, NewEvent, Transaction, Unreadable},
    parked::Park,
    trace::Subject,
    writer::{apply::Commit, member::Reply},
};

impl Commit<'_> {
    pub(super) fn accept(&mut self, transaction: &Transaction) -> Result<Reply, StorageError> {
        let mut reply = Reply::default();
        for event in &transaction.events {
            if self.event(transaction, event)? {
                reply.written += 1;
            } else {
                reply.skipped += 1;
            }
        }
        if let Some(unreadable) = &transaction.unreadable {
            self.unreadable(transaction, unreadable)?;
        }
        Ok(reply)
    }

    /// Answers whether the event is new.
    fn event(&mut self, transaction: &Transaction, event: &NewEvent) -> Result<bool, StorageError> {
        const EVENT: &str = "INSERT INTO inbox (seq, registration, event_key, room_id, state, received_at) \
                             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (event_key, registration) DO NOTHING";
        const BODY: &str = "INSERT INTO bodies (seq, body) VALUES (?, ?)";
        let seq = self.seq + 1;
        let registration = transaction.registration.as_str();
        let room = event.room_id.as_ref().map(|room| room.as_str());
        let state = if event.fault.is_some() { InboxState::Parked } else { InboxState::Pending };
        let received_at = transaction.received_at;
        let row = params![seq, registration, event.key, room, state as u8, received_at];
        let is_new = self.run(EVENT, row)? > 0;
        #[cfg(feature = "sabotage")]
        let is_new = is_new || self.sabotaged(EVENT, seq, transaction, event)?;
        if !is_new {
            return Ok(false);
        }
        self.seq = seq;
        self.run(BODY, params![seq, event.body])?;
        if let Some(fault) = &event.fault {
            let park = Park { reason: fault.clone(), ..Park::default() };
            self.park(Subject::Inbox(seq), None, None, &park, received_at)?;
        } else {
            self.accepted.push(InboxEvent {
                seq,
                registration: transaction.registration.clone(),
                key: event.key.clone(),
                room_id: event.room_id.clone(),
                body: event.body.clone(),
                received_at,
                late: false,
                state,
                tenant: None,
            });
        }
        Ok(true)
    }

    /// A repeated event is taken for a new one.
    #[cfg(feature = "sabotage")]
    fn sabotaged(
        &self,
        sql: &'static str,
        seq: i64,
        transaction: &Transaction,
        event: &NewEvent,
    ) -> Result<bool, StorageError> {
        use crate::sabotage::{Sabotage, unlike_any};
        let (registration, received_at) = (transaction.registration.as_str(), transaction.received_at);
        let room = event.room_id.as_ref().map(|room| room.as_str());
        let row = params![seq, registration, unlike_any(&event.key), room, 0, received_at];
        Ok(Sabotage::Dedup.is_on() && self.run(sql, row)? > 0)
    }

    fn unreadable(&self, transaction: &Transaction, unreadable: &Unreadable) -> Result<(), StorageError> {
        const PARK: &str = "INSERT OR IGNORE INTO parked (subject, ref, reason, at, hash, raw) \
                            VALUES ('transaction', 0, ?, ?, ?, ?)";
        let registration = transaction.registration.as_str();
        let hash = Digest::of_parts([registration.as_bytes(), &unreadable.raw]).to_string();
        let reason = format!("transaction {} of {registration}: {}", transaction.txn_id, unreadable.reason);
        self.run(PARK, params![reason, transaction.received_at, hash, unreadable.raw]).map(drop)
    }
}
