//! Rows that several kinds of members write.

use patchbay_types::{EventId, Millis, TenantId};

use crate::{
    action::NewAction,
    decision::{Conversation, Room},
    delivery::{NewDelivery, PersonRemote, Ticket},
    parked::Park,
    trace::{Packed, Subject},
    writer::{apply::Plan, statement::Statement, targets::Target},
};

impl<'a> Plan<'a> {
    pub(super) fn room(&mut self, room: &'a Room) {
        self.rooms.insert((room.registration.as_str(), room.room_id.as_str()), room);
    }

    pub(super) fn conversation(&mut self, row: &'a Conversation) {
        self.conversations.insert((row.tenant.as_str(), row.id.as_str()), row);
    }

    pub(super) fn tickets(&mut self, tickets: &'a [Ticket]) {
        for row in tickets {
            let key =
                (row.tenant.as_str(), row.conversation.as_str(), row.adapter.as_str(), row.ticket.as_str());
            self.tickets.insert(key, row);
        }
    }

    /// The rows that the group left last.
    pub(super) fn overwritten(&mut self) {
        for room in self.rooms.values() {
            let rows = self.batch.rows(Target::Room);
            let (at, length) = rows.blob(room.state.as_bytes());
            rows.push(&(&room.registration, &room.room_id, &room.tenant, &room.decided_by, at, length));
        }
        for row in self.conversations.values() {
            self.batch.rows(Target::Conversation).push(&(
                &row.tenant,
                &row.id,
                &row.registration,
                &row.room_id,
                &row.thread_root,
                &row.labels,
                &row.customer,
                row.message_count,
                row.last_at,
            ));
        }
        for row in self.tickets.values() {
            self.batch.rows(Target::Ticket).push(&(
                &row.tenant,
                &row.conversation,
                &row.adapter,
                &row.ticket,
                &row.url,
                &row.status,
                &row.queue,
                &row.assignee,
                row.opened_at,
                row.last_activity_at,
                row.open,
            ));
        }
    }

    pub(super) fn persons(&mut self, persons: &[PersonRemote]) {
        const FORGET: &str = "DELETE FROM persons WHERE tenant = ? AND adapter = ? AND person = ?";
        for row in persons {
            if let Some(remote) = &row.remote {
                self.batch.rows(Target::Person).push(&(&row.tenant, &row.adapter, &row.person, remote));
            } else {
                let key =
                    [row.tenant.as_str().into(), row.adapter.as_str().into(), row.person.as_str().into()];
                self.batch.statement(Statement::new(FORGET, key));
            }
        }
    }

    pub(super) fn deliveries(&mut self, deliveries: &[NewDelivery], seq: Option<i64>, at: Millis) {
        for row in deliveries {
            self.batch.rows(Target::Delivery).push(&(
                row.id,
                &row.tenant,
                &row.conversation,
                &row.adapter,
                seq,
                &row.event_id,
                &row.ticket,
                row.internal,
                row.not_before,
                row.generation,
                at,
            ));
            self.delivery_payload(row.id, &row.payload);
        }
    }

    pub(super) fn delivery_payload(&mut self, id: i64, payload: &str) {
        let rows = self.batch.rows(Target::DeliveryPayload);
        let (at, length) = rows.blob(payload.as_bytes());
        rows.push(&(id, at, length));
    }

    pub(super) fn actions(&mut self, actions: &[NewAction], at: Millis) {
        for row in actions {
            let origin = row.origin.as_ref();
            self.batch.rows(Target::Action).push(&(
                row.id,
                &row.tenant,
                &row.registration,
                &row.room_id,
                &row.source,
                row.ordinal,
                &row.txn_id,
                origin.map(|origin| &origin.adapter),
                origin.map(|origin| &origin.conversation),
                origin.and_then(|origin| origin.ticket.as_ref()),
                origin.and_then(|origin| origin.part.as_ref()),
                row.not_before,
                at,
            ));
            let rows = self.batch.rows(Target::ActionPayload);
            let (at, length) = rows.blob(row.payload.as_bytes());
            rows.push(&(row.id, at, length));
        }
    }

    pub(super) fn park(
        &mut self,
        subject: Subject,
        tenant: Option<&TenantId>,
        event_id: Option<&EventId>,
        park: &Park,
        at: Millis,
    ) {
        let (kind, id) = subject.columns();
        self.batch.rows(Target::Parked).push(&(
            kind,
            id,
            tenant,
            event_id,
            &park.slot,
            &park.component,
            &park.reason,
            &park.behind,
            at,
        ));
    }

    pub(super) fn trace(&mut self, subject: Subject, tenant: Option<&TenantId>, trace: &Packed, at: Millis) {
        if trace.bytes().is_empty() {
            return;
        }
        let (kind, id) = subject.columns();
        let rows = self.batch.rows(Target::Trace);
        let (start, length) = rows.blob(trace.bytes());
        rows.push(&(kind, id, tenant, at, start, length));
    }
}
