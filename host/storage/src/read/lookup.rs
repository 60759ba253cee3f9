//! Single things, by their keys.

use patchbay_types::{
    AdapterName, ConversationId, EventId, RegistrationId, RoomId, TenantId, TicketId, UserId,
};
use sqlx::sqlite::SqliteRow;

use crate::{
    decision::{Conversation, Room},
    delivery::Ticket,
    error::StorageError,
    generation::Generation,
    ghost::Ghost,
    read::Columns,
    store::Store,
};

macro_rules! conversations {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, id, registration, room_id, thread_root, labels, customer, message_count, last_at ",
            "FROM conversations ",
            $rest
        )
    };
}

macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, conversation, adapter, ticket, url, status, queue, assignee, opened_at, last_activity_at, ",
            "open FROM tickets ",
            $rest
        )
    };
}

/// The newest conversations of whole rooms of a customer.
pub(crate) const OF_CUSTOMER: &str = concat!(
    "SELECT c.tenant, id, registration, room_id, thread_root, labels, c.customer, message_count, last_at ",
    "FROM conversation_customers k JOIN conversations c ON c.tenant = k.tenant AND c.id = k.conversation ",
    "WHERE k.tenant = ? AND k.customer = ? AND thread_root IS NULL ORDER BY last_at DESC, c.rowid DESC LIMIT ?"
);

// === impl Store ===

impl Store {
    /// A room's row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn room(
        &self,
        registration: &RegistrationId,
        room: &RoomId,
    ) -> Result<Option<Room>, StorageError> {
        const ROOM: &str = "SELECT registration, room_id, tenant, decided_by, state FROM rooms \
                            WHERE registration = ? AND room_id = ?";
        let query = sqlx::query(ROOM).bind(registration.as_str()).bind(room.as_str());
        let Some(row) = query.fetch_optional(&self.inner.readers).await? else { return Ok(None) };
        let row = Columns(&row);
        Ok(Some(Room {
            registration: row.text(0)?,
            room_id: row.text(1)?,
            tenant: row.opt_text(2)?,
            decided_by: row.text(3)?,
            state: row.text(4)?,
        }))
    }

    /// A conversation, by its identifier.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn conversation(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, StorageError> {
        const ONE: &str = conversations!("WHERE tenant = ? AND id = ?");
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(id.as_str());
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(conversation).transpose()
    }

    /// The conversation of a room, or of a thread in it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn conversation_of_room(
        &self,
        tenant: &TenantId,
        registration: &RegistrationId,
        room: &RoomId,
        thread_root: Option<&EventId>,
    ) -> Result<Option<Conversation>, StorageError> {
        const ONE: &str = conversations!(
            "WHERE room_id = ? AND registration = ? AND tenant = ? AND thread_root IS ? ORDER BY rowid LIMIT 1"
        );
        let query = sqlx::query(ONE).bind(room.as_str()).bind(registration.as_str()).bind(tenant.as_str());
        let query = query.bind(thread_root.map(EventId::as_str));
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(conversation).transpose()
    }

    /// All tickets of a conversation, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tickets(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
    ) -> Result<Vec<Ticket>, StorageError> {
        const ALL: &str = tickets!("WHERE tenant = ? AND conversation = ? ORDER BY opened_at, rowid");
        let query = sqlx::query(ALL).bind(tenant.as_str()).bind(conversation.as_str());
        query.fetch_all(&self.inner.readers).await?.iter().map(ticket).collect()
    }

    /// The newest link of a CRM's ticket to a conversation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ticket(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        id: &TicketId,
    ) -> Result<Option<Ticket>, StorageError> {
        const ONE: &str = tickets!(
            "WHERE tenant = ? AND adapter = ? AND ticket = ? ORDER BY open DESC, opened_at DESC, rowid DESC LIMIT 1"
        );
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(adapter.as_str()).bind(id.as_str());
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(ticket).transpose()
    }

    /// A person's identifier in a CRM.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn person_remote(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        person: &str,
    ) -> Result<Option<String>, StorageError> {
        const ONE: &str = "SELECT remote FROM persons WHERE tenant = ? AND adapter = ? AND person = ?";
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(adapter.as_str()).bind(person);
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(|row| Columns(row).text(0)).transpose()
    }

    /// A plugin's small state, one key of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kv_get(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        const ONE: &str = "SELECT value FROM kv WHERE tenant = ? AND adapter = ? AND key = ?";
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(adapter.as_str()).bind(key);
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(|row| Columns(row).bytes(0)).transpose()
    }

    /// How many keys a plugin's small state has, and how many bytes are in them; counted up to `most` keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kv_held(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        most: u64,
    ) -> Result<(u64, u64), StorageError> {
        const HELD: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM (SELECT length(key) + length(value) AS bytes \
                            FROM kv WHERE tenant = ? AND adapter = ? LIMIT ?)";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let query = sqlx::query(HELD).bind(tenant.as_str()).bind(adapter.as_str()).bind(most);
        let row = query.fetch_one(&self.inner.readers).await?;
        Ok((Columns(&row).millis(0)?, Columns(&row).millis(1)?))
    }

    /// A ghost, if we made it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ghost(
        &self,
        registration: &RegistrationId,
        user: &UserId,
    ) -> Result<Option<Ghost>, StorageError> {
        const ONE: &str = "SELECT registration, user_id, device_id, display_name, at FROM ghosts \
                           WHERE registration = ? AND user_id = ?";
        let query = sqlx::query(ONE).bind(registration.as_str()).bind(user.as_str());
        let Some(row) = query.fetch_optional(&self.inner.readers).await? else { return Ok(None) };
        let row = Columns(&row);
        Ok(Some(Ghost {
            registration: row.text(0)?,
            user_id: row.text(1)?,
            device_id: row.opt_text(2)?,
            display_name: row.opt_text(3)?,
            at: row.millis(4)?,
        }))
    }

    /// A tenant's generations, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn generations(&self, tenant: &TenantId) -> Result<Vec<Generation>, StorageError> {
        const ALL: &str = "SELECT tenant, generation, spec, at, by, note, active FROM generations WHERE tenant = ? \
                           ORDER BY generation DESC";
        let rows = sqlx::query(ALL).bind(tenant.as_str()).fetch_all(&self.inner.readers).await?;
        let generation = |row: &_| {
            let row = Columns(row);
            Ok(Generation {
                tenant: row.text(0)?,
                generation: row.int(1)?,
                spec: row.text(2)?,
                at: row.millis(3)?,
                by: row.text(4)?,
                note: row.text(5)?,
                active: row.flag(6)?,
            })
        };
        rows.iter().map(generation).collect()
    }
}

pub(crate) fn conversation(row: &SqliteRow) -> Result<Conversation, StorageError> {
    let row = Columns(row);
    Ok(Conversation {
        tenant: row.text(0)?,
        id: row.text(1)?,
        registration: row.text(2)?,
        room_id: row.text(3)?,
        thread_root: row.opt_text(4)?,
        labels: row.text(5)?,
        customer: row.opt_text(6)?,
        message_count: row.count(7)?,
        last_at: row.millis(8)?,
    })
}

fn ticket(row: &SqliteRow) -> Result<Ticket, StorageError> {
    let row = Columns(row);
    Ok(Ticket {
        tenant: row.text(0)?,
        conversation: row.text(1)?,
        adapter: row.text(2)?,
        ticket: row.text(3)?,
        url: row.opt_text(4)?,
        status: row.text(5)?,
        queue: row.opt_text(6)?,
        assignee: row.opt_text(7)?,
        opened_at: row.millis(8)?,
        last_activity_at: row.millis(9)?,
        open: row.flag(10)?,
    })
}
