//! Rows that several kinds of members write.

use std::collections::hash_map::Entry;

use patchbay_types::{EventId, Millis, TenantId};
use rusqlite::{OptionalExtension as _, params};

use crate::{
    action::NewAction,
    decision::{Conversation, Room},
    delivery::{NewDelivery, PersonRemote, TicketChange},
    error::StorageError,
    parked::Park,
    trace::{Packed, Subject},
    writer::apply::Commit,
};

impl<'a> Commit<'a> {
    pub(super) fn room(&mut self, room: &'a Room) {
        let key = (room.registration.as_str(), room.room_id.as_str());
        // Who was told of a room that we made before it was known here took it for nobody's.
        let made = |row: &&Room| row.decided_by == Room::MADE && room.tenant.is_none();
        if !self.rooms.get(&key).is_some_and(made) {
            self.rooms.insert(key, room);
        }
    }

    pub(super) fn conversation(&mut self, row: &'a Conversation) {
        self.conversations.insert((row.tenant.as_str(), row.id.as_str()), row);
    }

    pub(super) fn tickets(&mut self, changes: &'a [TicketChange]) -> Result<(), StorageError> {
        const NOW: &str = "SELECT url, status, queue, assignee, opened_at, last_activity_at, open FROM tickets \
                           WHERE tenant = ? AND conversation = ? AND adapter = ? AND ticket = ?";
        for change in changes {
            let wanted = &change.ticket;
            let key = (
                wanted.tenant.as_str(),
                wanted.conversation.as_str(),
                wanted.adapter.as_str(),
                wanted.ticket.as_str(),
            );
            let now = match self.tickets.entry(key) {
                Entry::Occupied(now) => now.into_mut(),
                Entry::Vacant(place) => {
                    let mut now = wanted.clone();
                    let row = self.connection.prepare_cached(NOW)?.query_row(key, |row| {
                        now.url = row.get(0)?;
                        now.status = row.get(1)?;
                        now.queue = row.get(2)?;
                        now.assignee = row.get(3)?;
                        now.opened_at = row.get(4)?;
                        now.last_activity_at = row.get(5)?;
                        now.open = row.get(6)?;
                        Ok(())
                    });
                    row.optional()?;
                    place.insert(now)
                }
            };
            change.apply_to(now);
        }
        Ok(())
    }

    /// The rows that the group left last.
    pub(super) fn overwritten(&self) -> Result<(), StorageError> {
        self.overwritten_rooms()?;
        self.overwritten_conversations()?;
        self.overwritten_tickets()?;
        self.overwritten_kv()?;
        const TOUCH: &str =
            "UPDATE desk_tickets SET last_at = max(last_at, ?3) WHERE tenant = ?1 AND number = ?2";
        for ((tenant, ticket), at) in &self.touched {
            self.run(TOUCH, params![tenant, ticket, at])?;
        }
        Ok(())
    }

    fn overwritten_rooms(&self) -> Result<(), StorageError> {
        const ROOM: &str = "INSERT INTO rooms (registration, room_id, tenant, decided_by, state) \
                            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET tenant = excluded.tenant, \
                            decided_by = excluded.decided_by, state = excluded.state \
                            WHERE excluded.tenant IS NOT NULL OR rooms.decided_by <> ?6";
        for ((registration, id), room) in &self.rooms {
            let tenant = room.tenant.as_ref().map(|tenant| tenant.as_str());
            self.run(ROOM, params![registration, id, tenant, room.decided_by, room.state, Room::MADE])?;
        }
        Ok(())
    }

    fn overwritten_conversations(&self) -> Result<(), StorageError> {
        const CONVERSATION: &str = "INSERT INTO conversations (tenant, id, registration, room_id, thread_root, labels, \
                                    customer, message_count, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
                                    ON CONFLICT DO UPDATE SET registration = excluded.registration, \
                                    room_id = excluded.room_id, thread_root = excluded.thread_root, \
                                    labels = excluded.labels, customer = excluded.customer, \
                                    message_count = excluded.message_count, last_at = excluded.last_at";
        for ((tenant, id), row) in &self.conversations {
            let (registration, room) = (row.registration.as_str(), row.room_id.as_str());
            let root = row.thread_root.as_ref().map(|root| root.as_str());
            self.run(
                CONVERSATION,
                params![
                    tenant,
                    id,
                    registration,
                    room,
                    root,
                    row.labels,
                    row.customer,
                    row.message_count,
                    row.last_at
                ],
            )?;
        }
        Ok(())
    }

    fn overwritten_tickets(&self) -> Result<(), StorageError> {
        const TICKET: &str = "INSERT INTO tickets (tenant, conversation, adapter, ticket, url, status, queue, assignee, \
                              opened_at, last_activity_at, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                              ON CONFLICT DO UPDATE SET url = excluded.url, status = excluded.status, \
                              queue = excluded.queue, assignee = excluded.assignee, opened_at = excluded.opened_at, \
                              last_activity_at = excluded.last_activity_at, open = excluded.open";
        for ((tenant, conversation, adapter, ticket), row) in &self.tickets {
            self.run(
                TICKET,
                params![
                    tenant,
                    conversation,
                    adapter,
                    ticket,
                    row.url,
                    row.status,
                    row.queue,
                    row.assignee,
                    row.opened_at,
                    row.last_activity_at,
                    row.open
                ],
            )?;
        }
        Ok(())
    }

    fn overwritten_kv(&self) -> Result<(), StorageError> {
        const SET: &str = "INSERT INTO kv (tenant, adapter, key, value) VALUES (?, ?, ?, ?) \
                           ON CONFLICT DO UPDATE SET value = excluded.value";
        const FORGET: &str = "DELETE FROM kv WHERE tenant = ? AND adapter = ? AND key = ?";
        for ((tenant, adapter, key), value) in &self.kv {
            match value {
                Some(value) => self.run(SET, params![tenant, adapter, key, value])?,
                None => self.run(FORGET, params![tenant, adapter, key])?,
            };
        }
        Ok(())
    }

    pub(super) fn persons(&self, persons: &[PersonRemote]) -> Result<(), StorageError> {
        const KNOW: &str = "INSERT INTO persons (tenant, adapter, person, remote) VALUES (?, ?, ?, ?) \
                            ON CONFLICT DO UPDATE SET remote = excluded.remote";
        const FORGET: &str = "DELETE FROM persons WHERE tenant = ? AND adapter = ? AND person = ?";
        for row in persons {
            let (tenant, adapter, person) = (row.tenant.as_str(), row.adapter.as_str(), &row.person);
            match &row.remote {
                Some(remote) => self.run(KNOW, params![tenant, adapter, person, remote])?,
                None => self.run(FORGET, params![tenant, adapter, person])?,
            };
        }
        Ok(())
    }

    pub(super) fn deliveries(
        &self,
        deliveries: &[NewDelivery],
        seq: Option<i64>,
        at: Millis,
    ) -> Result<(), StorageError> {
        const DELIVERY: &str = "INSERT INTO outbox (id, tenant, conversation, adapter, inbox_seq, event_id, ticket, \
                                internal, not_before, generation, created_at) \
                                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        for row in deliveries {
            self.run(
                DELIVERY,
                params![
                    row.id,
                    row.tenant.as_str(),
                    row.conversation.as_str(),
                    row.adapter.as_str(),
                    seq,
                    row.event_id.as_ref().map(|event| event.as_str()),
                    row.ticket.as_ref().map(|ticket| ticket.as_str()),
                    row.internal,
                    row.not_before,
                    row.generation,
                    at
                ],
            )?;
            self.delivery_payload(row.id, &row.payload)?;
        }
        Ok(())
    }

    pub(super) fn delivery_payload(&self, id: i64, payload: &str) -> Result<(), StorageError> {
        const PAYLOAD: &str = "INSERT INTO outbox_payloads (id, payload) VALUES (?, ?) \
                               ON CONFLICT DO UPDATE SET payload = excluded.payload";
        self.run(PAYLOAD, params![id, payload]).map(drop)
    }

    pub(super) fn actions(&self, actions: &[NewAction], at: Millis) -> Result<(), StorageError> {
        const ACTION: &str = "INSERT INTO actions (id, tenant, registration, room_id, source, ordinal, txn_id, \
                              origin_adapter, origin_conversation, origin_ticket, origin_part, not_before, created_at) \
                              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        const PAYLOAD: &str = "INSERT INTO action_payloads (id, payload) VALUES (?, ?)";
        for row in actions {
            let origin = row.origin.as_ref();
            self.run(
                ACTION,
                params![
                    row.id,
                    row.tenant.as_str(),
                    row.registration.as_str(),
                    row.room_id.as_str(),
                    row.source,
                    row.ordinal,
                    row.txn_id,
                    origin.map(|origin| origin.adapter.as_str()),
                    origin.map(|origin| origin.conversation.as_str()),
                    origin.and_then(|origin| origin.ticket.as_ref()).map(|ticket| ticket.as_str()),
                    origin.and_then(|origin| origin.part.as_ref()),
                    row.not_before,
                    at
                ],
            )?;
            self.run(PAYLOAD, params![row.id, row.payload])?;
        }
        Ok(())
    }

    pub(super) fn park(
        &self,
        subject: Subject,
        tenant: Option<&TenantId>,
        event_id: Option<&EventId>,
        park: &Park,
        at: Millis,
    ) -> Result<(), StorageError> {
        const PARK: &str = "INSERT INTO parked (subject, ref, tenant, event_id, slot, component, reason, behind, at) \
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let (kind, id) = subject.columns();
        self.run(
            PARK,
            params![
                kind,
                id,
                tenant.map(|tenant| tenant.as_str()),
                event_id.map(|event| event.as_str()),
                park.slot,
                park.component,
                park.reason,
                park.behind.as_ref().map(|event| event.as_str()),
                at
            ],
        )
        .map(drop)
    }

    /// Drops the journal of what is settled.
    pub(super) fn settled(&self, subject: Subject) -> Result<(), StorageError> {
        const SETTLE: &str = "DELETE FROM journal WHERE subject = ? AND ref = ?";
        self.run(SETTLE, params![subject.columns().0, subject.columns().1]).map(drop)
    }

    pub(super) fn trace(
        &self,
        subject: Subject,
        tenant: Option<&TenantId>,
        trace: &Packed,
        at: Millis,
    ) -> Result<(), StorageError> {
        const TRACE: &str = "INSERT INTO traces (subject, ref, tenant, at, steps) VALUES (?, ?, ?, ?, ?)";
        if trace.bytes().is_empty() {
            return Ok(());
        }
        let (kind, id) = subject.columns();
        let tenant = tenant.map(|tenant| tenant.as_str());
        self.run(TRACE, params![kind, id, tenant, at, trace.bytes()]).map(drop)
    }
}
