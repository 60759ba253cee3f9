//! Lists for whoever runs the host: rooms and whose they are, and the desk as one log.

use patchbay_types::{AdapterName, ConversationId, EventId, Millis, RoomId, TenantId};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::{decision::Room, error::StorageError, read::Columns, store::Store};

/// A line of the desk with all that ties it to Matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedLine {
    /// Its number: the order in which lines were written in each lane.
    pub number: i64,
    /// Its ticket.
    pub ticket: String,
    /// The ticket's conversation.
    pub conversation: ConversationId,
    /// The conversation's room.
    pub room_id: Option<RoomId>,
    /// The event that it was made of; none for what was not said in Matrix.
    pub event_id: Option<EventId>,
    /// The item's key.
    pub key: String,
    /// The author, as JSON.
    pub author: String,
    /// What it says, as JSON.
    pub body: String,
    /// Agents alone see it.
    pub internal: bool,
    /// When it was sent.
    pub sent_at: Millis,
    /// When it was written; none for an agent's own, which is written when it is sent.
    pub written_at: Option<Millis>,
}

// === impl Store ===

impl Store {
    /// Rooms behind the room ID `after`, in the order of their IDs; a tenant's alone, where one is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rooms(
        &self,
        tenant: Option<&TenantId>,
        after: &RoomId,
        limit: u32,
    ) -> Result<Vec<Room>, StorageError> {
        const LIST: &str = "SELECT registration, room_id, tenant, decided_by, state FROM rooms \
                            WHERE room_id > ? AND (? IS NULL OR tenant = ?) ORDER BY room_id, registration LIMIT ?";
        let tenant = tenant.map(TenantId::as_str);
        let query = sqlx::query(LIST).bind(after.as_str()).bind(tenant).bind(tenant).bind(limit);
        let room = |row: &SqliteRow| {
            let row = Columns(row);
            Ok(Room {
                registration: row.text(0)?,
                room_id: row.text(1)?,
                tenant: row.opt_text(2)?,
                decided_by: row.text(3)?,
                state: row.text(4)?,
            })
        };
        query.fetch_all(&self.inner.readers).await?.iter().map(room).collect()
    }

    /// A tenant's desk as one log: lines with a higher number than `after`, at most `limit`. Lines are numbered before
    /// they are committed, in order within a conversation: one with a lower number, of another conversation, may come a
    /// moment later.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_log(
        &self,
        tenant: &TenantId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LoggedLine>, StorageError> {
        const LOG: &str = "SELECT l.number, 'D-' || l.ticket, t.conversation, c.room_id, k.event_id, l.item_key, \
            l.author, l.body, l.internal, l.sent_at, \
            (SELECT max(o.done_at) FROM inbox i CROSS JOIN outbox o ON o.inbox_seq = i.seq \
             WHERE i.event_key = k.event_id AND o.tenant = l.tenant AND o.adapter = k.adapter) \
            FROM desk_lines l \
            CROSS JOIN desk_tickets t ON t.tenant = l.tenant AND t.number = l.ticket \
            LEFT JOIN conversations c ON c.tenant = l.tenant AND c.id = t.conversation \
            LEFT JOIN tickets a ON a.tenant = l.tenant AND a.conversation = t.conversation \
             AND a.ticket = 'D-' || l.ticket \
            LEFT JOIN links k ON k.tenant = l.tenant AND k.adapter = a.adapter AND k.part = 'L-' || l.number \
            WHERE +l.tenant = ? AND l.number > ? ORDER BY l.number LIMIT ?";
        let query = sqlx::query(LOG).bind(tenant.as_str()).bind(after).bind(limit);
        let line = |row: &SqliteRow| {
            let row = Columns(row);
            let written_at = row.opt_int(10)?.map(i64::cast_unsigned);
            Ok(LoggedLine {
                number: row.int(0)?,
                ticket: row.text(1)?,
                conversation: row.text(2)?,
                room_id: row.opt_text(3)?,
                // An agent's line has an event too, which was made of the line.
                event_id: row.opt_text(4)?.filter(|_| written_at.is_some()),
                key: row.text(5)?,
                author: row.text(6)?,
                body: row.text(7)?,
                internal: row.flag(8)?,
                sent_at: row.millis(9)?,
                written_at,
            })
        };
        query.fetch_all(&self.inner.readers).await?.iter().map(line).collect()
    }

    /// All of a plugin's small state, in the order of its keys; the host's own has an empty tenant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kv_all(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        const ALL: &str = "SELECT key, value FROM kv WHERE tenant = ? AND adapter = ? ORDER BY key";
        let query = sqlx::query(ALL).bind(tenant.as_str()).bind(adapter.as_str());
        let pair = |row: &SqliteRow| {
            let row = Columns(row);
            Ok((row.text(0)?, row.bytes(1)?))
        };
        query.fetch_all(&self.inner.readers).await?.iter().map(pair).collect()
    }
}
