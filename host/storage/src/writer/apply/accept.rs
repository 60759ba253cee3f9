//! Transactions into the inbox.

use patchbay_types::Digest;

use crate::{
    inbox::{InboxState, NewEvent, Transaction, Unreadable},
    parked::Park,
    trace::Subject,
    writer::{
        apply::Plan,
        guard::{Keys, event_key},
        member::Reply,
        statement::Statement,
        targets::Target,
    },
};

impl Plan<'_> {
    pub(super) fn accept(&mut self, transaction: &Transaction) -> Reply {
        let mut reply = Reply::default();
        for event in &transaction.events {
            if self.event(transaction, event) {
                reply.written += 1;
            } else {
                reply.skipped += 1;
            }
        }
        if let Some(unreadable) = &transaction.unreadable {
            self.unreadable(transaction, unreadable);
        }
        reply
    }

    fn event(&mut self, transaction: &Transaction, event: &NewEvent) -> bool {
        let registration = transaction.registration.as_str();
        if !self.guard.claim(Keys::Events, event_key(registration, &event.key)) {
            return false;
        }
        self.seq += 1;
        let seq = self.seq;
        let state = if event.fault.is_some() { InboxState::Parked } else { InboxState::Pending };
        let received_at = transaction.received_at;
        self.batch.rows(Target::Inbox).push(&(
            seq,
            registration,
            &event.key,
            &event.room_id,
            state as u8,
            received_at,
        ));
        let rows = self.batch.rows(Target::Body);
        let (at, length) = rows.blob(event.body.as_bytes());
        rows.push(&(seq, at, length));
        if let Some(fault) = &event.fault {
            let park = Park { reason: fault.clone(), ..Park::default() };
            self.park(Subject::Inbox(seq), None, None, &park, received_at);
        }
        true
    }

    fn unreadable(&mut self, transaction: &Transaction, unreadable: &Unreadable) {
        const PARK: &str = "INSERT OR IGNORE INTO parked (subject, ref, reason, at, hash, raw) \
                            VALUES ('transaction', 0, ?, ?, ?, ?)";
        let registration = transaction.registration.as_str();
        let hash = Digest::of_parts([registration.as_bytes(), &unreadable.raw]);
        let reason = format!("transaction {} of {registration}: {}", transaction.txn_id, unreadable.reason);
        self.batch.statement(Statement::new(
            PARK,
            [
                reason.into(),
                transaction.received_at.into(),
                hash.to_string().into(),
                unreadable.raw.clone().into(),
            ],
        ));
    }
}
