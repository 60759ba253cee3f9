//! What waits for too long, found without reading all that waits: lanes are stepped over one by one by their index, and
//! the outboxes' first rows are the oldest.

use patchbay_types::{AdapterName, Millis, TenantId};
use sqlx::sqlite::SqliteRow;

use crate::{
    delivery::DeliveryState,
    error::StorageError,
    failure::{LanePlace, OpenNote, ToldConversation, WaitingAction, WaitingFor, WaitingLane, WaitingRoom},
    read::{Columns, unknown},
    store::Store,
    trace::Subject,
};

// === impl Store ===

impl Store {
    /// Since when the oldest event or delivery waits that has not reached its CRM. Two rows are read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn oldest_waiting(&self) -> Result<Option<Millis>, StorageError> {
        const OLDEST: &str = "SELECT min(at) FROM ( \
            SELECT (SELECT created_at FROM outbox INDEXED BY outbox_pending WHERE state = 0 ORDER BY id LIMIT 1) AS at \
            UNION ALL \
            SELECT (SELECT received_at FROM inbox INDEXED BY inbox_pending WHERE state = 0 ORDER BY seq LIMIT 1))";
        let row = sqlx::query(OLDEST).fetch_one(&self.inner.readers).await?;
        Ok(Columns(&row).opt_int(0)?.map(i64::cast_unsigned))
    }

    /// The lanes behind `after` in which deliveries wait, at most `limit`, each with its first one: however many wait in
    /// a lane, one row of it is read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_lanes(
        &self,
        after: &LanePlace,
        limit: usize,
    ) -> Result<Vec<WaitingLane>, StorageError> {
        const NEXT: &str = "SELECT tenant, conversation, adapter, id, created_at, EXISTS (SELECT 1 FROM told t \
            WHERE t.tenant = o.tenant AND t.conversation = o.conversation) \
            FROM outbox o INDEXED BY outbox_lane WHERE state = 0 AND (tenant, conversation, adapter) > (?, ?, ?) \
            ORDER BY tenant, conversation, adapter, id LIMIT 1";
        let mut reader = self.inner.readers.acquire().await?;
        let (mut lanes, mut place) = (Vec::new(), after.clone());
        while lanes.len() < limit {
            let next = sqlx::query(NEXT).bind(&place.tenant).bind(&place.conversation).bind(&place.adapter);
            let Some(row) = next.fetch_optional(&mut *reader).await? else { break };
            let row = Columns(&row);
            place = LanePlace { tenant: row.text(0)?, conversation: row.text(1)?, adapter: row.text(2)? };
            lanes.push(WaitingLane {
                tenant: place.tenant.clone().into(),
                conversation: place.conversation.clone().into(),
                adapter: place.adapter.clone().into(),
                first: row.int(3)?,
                since: row.millis(4)?,
                told: row.flag(5)?,
            });
        }
        Ok(lanes)
    }

    /// The rooms behind `after` (registration and room) of which events wait, as in [`Self::waiting_lanes`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_rooms(
        &self,
        after: &(String, String),
        limit: usize,
    ) -> Result<Vec<WaitingRoom>, StorageError> {
        const NEXT: &str = "SELECT registration, room_id, seq, received_at, (SELECT r.tenant FROM rooms r \
            WHERE r.registration = i.registration AND r.room_id = i.room_id) \
            FROM inbox i INDEXED BY inbox_lane WHERE state = 0 AND (registration, room_id) > (?, ?) \
            ORDER BY registration, room_id, seq LIMIT 1";
        let mut reader = self.inner.readers.acquire().await?;
        let (mut rooms, mut place) = (Vec::<WaitingRoom>::new(), after.clone());
        while rooms.len() < limit {
            let next = sqlx::query(NEXT).bind(&place.0).bind(&place.1);
            let Some(row) = next.fetch_optional(&mut *reader).await? else { break };
            let row = Columns(&row);
            place = (row.text(0)?, row.text(1)?);
            rooms.push(WaitingRoom {
                registration: place.0.clone().into(),
                room_id: place.1.clone().into(),
                first: row.int(2)?,
                since: row.millis(3)?,
                tenant: row.opt_text(4)?,
            });
        }
        Ok(rooms)
    }

    /// What waits for each adapter. This reads the index entry of each waiting delivery: for an operator who asks.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_for(&self) -> Result<Vec<WaitingFor>, StorageError> {
        const EACH: &str = "SELECT w.tenant, w.adapter, w.n, o.created_at FROM (SELECT tenant, adapter, count(*) AS n, \
            min(id) AS first FROM outbox INDEXED BY outbox_lane WHERE state = 0 GROUP BY tenant, adapter) w \
            CROSS JOIN outbox o ON o.id = w.first";
        let rows = sqlx::query(EACH).fetch_all(&self.inner.readers).await?;
        let each = |row: &SqliteRow| {
            let row = Columns(row);
            Ok(WaitingFor {
                tenant: row.text(0)?,
                adapter: row.text::<AdapterName>(1)?,
                count: row.millis(2)?,
                since: row.millis(3)?,
            })
        };
        rows.iter().map(each).collect()
    }

    /// The waiting actions behind a number, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_actions(&self, after: i64, limit: u32) -> Result<Vec<WaitingAction>, StorageError> {
        const NEXT: &str = "SELECT id, tenant, created_at, origin_part IS NOT NULL AND origin_ticket IS NOT NULL \
            AND NOT EXISTS (SELECT 1 FROM notes n WHERE n.source = a.source AND n.adapter = a.origin_adapter \
            AND n.tenant = a.tenant) \
            FROM actions a INDEXED BY actions_pending WHERE state = 0 AND id > ? ORDER BY id LIMIT ?";
        let rows = sqlx::query(NEXT).bind(after).bind(limit).fetch_all(&self.inner.readers).await?;
        let action = |row: &SqliteRow| {
            let row = Columns(row);
            Ok(WaitingAction {
                id: row.int(0)?,
                tenant: row.text(1)?,
                created_at: row.millis(2)?,
                notable: row.flag(3)?,
            })
        };
        rows.iter().map(action).collect()
    }

    /// The conversations behind `after` (tenant and conversation) whose customers were told, at most `limit`. What was
    /// decided after `before` does not count as waiting: it may be on its way.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn told(
        &self,
        after: &(String, String),
        before: Millis,
        limit: u32,
    ) -> Result<Vec<ToldConversation>, StorageError> {
        const NEXT: &str = "SELECT tenant, conversation, registration, room_id, subject, ref, at, \
            EXISTS (SELECT 1 FROM parked p WHERE p.id = t.parked AND p.resolved_at IS NULL) \
            OR CASE subject WHEN 'delivery' THEN EXISTS (SELECT 1 FROM outbox o WHERE o.id = t.ref AND o.state IN (0, 2)) \
            ELSE EXISTS (SELECT 1 FROM inbox i WHERE i.seq = t.ref AND i.state IN (0, 2)) END \
            OR EXISTS (SELECT 1 FROM outbox o INDEXED BY outbox_lane WHERE o.state = 0 AND o.tenant = t.tenant \
               AND o.conversation = t.conversation AND o.created_at <= ?3 AND o.event_id IS NOT NULL) \
            OR EXISTS (SELECT 1 FROM inbox i INDEXED BY inbox_lane WHERE i.state = 0 \
               AND i.registration = t.registration AND i.room_id = t.room_id AND i.received_at <= ?3), \
            CASE subject WHEN 'delivery' THEN EXISTS (SELECT 1 FROM outbox o WHERE o.id = t.ref AND o.state = 1) \
            ELSE EXISTS (SELECT 1 FROM inbox i WHERE i.seq = t.ref AND i.state = 1) \
               AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.inbox_seq = t.ref AND o.state <> 1) END \
            FROM told t WHERE (tenant, conversation) > (?1, ?2) ORDER BY tenant, conversation LIMIT ?4";
        let next = sqlx::query(NEXT).bind(&after.0).bind(&after.1).bind(before.cast_signed()).bind(limit);
        let rows = next.fetch_all(&self.inner.readers).await?;
        let told = |row: &SqliteRow| {
            let row = Columns(row);
            Ok(ToldConversation {
                tenant: row.text(0)?,
                conversation: row.text(1)?,
                registration: row.text(2)?,
                room_id: row.text(3)?,
                subject: subject(&row, 4)?,
                at: row.millis(6)?,
                waits: row.flag(7)?,
                arrived: row.flag(8)?,
            })
        };
        rows.iter().map(told).collect()
    }

    /// Whether this conversation's customer was told, and nothing has ended that yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_told(&self, tenant: &TenantId, conversation: &str) -> Result<bool, StorageError> {
        const ONE: &str = "SELECT 1 FROM told WHERE tenant = ? AND conversation = ?";
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(conversation);
        Ok(query.fetch_optional(&self.inner.readers).await?.is_some())
    }

    /// The notes behind a number that are not settled yet, at most `limit`, with how what they are about stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_notes(&self, after: i64, limit: u32) -> Result<Vec<OpenNote>, StorageError> {
        // All of a message's parts, and what it was told by: as long as one waits or is dead, it has not arrived.
        const NEXT: &str = "SELECT id, tenant, adapter, source, subject, ref, (SELECT CASE \
            WHEN max(state = 0) THEN 0 WHEN max(state = 2) THEN 2 WHEN max(state = 3) THEN 3 ELSE max(state) END \
            FROM (SELECT state FROM actions a WHERE a.source = n.source AND a.tenant = n.tenant \
               AND a.origin_adapter = n.adapter \
               UNION ALL SELECT state FROM entries e WHERE n.subject = 'entry' AND e.id = n.ref)) \
            FROM notes n INDEXED BY notes_open WHERE settled_at IS NULL AND id > ? ORDER BY id LIMIT ?";
        let rows = sqlx::query(NEXT).bind(after).bind(limit).fetch_all(&self.inner.readers).await?;
        let note = |row: &SqliteRow| {
            let row = Columns(row);
            let state = row.opt_int(6)?.map(|state| {
                DeliveryState::from_column(state).ok_or_else(|| unknown("state of a noted message", state))
            });
            Ok(OpenNote {
                id: row.int(0)?,
                tenant: row.text(1)?,
                adapter: row.text(2)?,
                source: row.text(3)?,
                subject: subject(&row, 4)?,
                state: state.transpose()?,
            })
        };
        rows.iter().map(note).collect()
    }

    /// An entry by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entry(&self, id: i64) -> Result<Option<crate::Entry>, StorageError> {
        const ONE: &str = "SELECT id, tenant, adapter, entry_id, ticket, coalesce(body, ''), attempt, not_before, at, \
                           late FROM entries WHERE id = ?";
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(crate::read::news::entry).transpose()
    }
}

fn subject(row: &Columns<'_>, at: usize) -> Result<Subject, StorageError> {
    let (kind, number): (String, i64) = (row.text(at)?, row.int(at + 1)?);
    Subject::from_columns(&kind, number).ok_or_else(|| unknown("subject", kind))
}
