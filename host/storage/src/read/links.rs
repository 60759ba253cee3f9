//! Links between Matrix events and what CRMs call them, in both directions.

use patchbay_types::{AdapterName, ConversationId, EventId, TenantId, TicketId};
use serde::Serialize;

use crate::{
    delivery::DeliveryState,
    error::StorageError,
    read::{Columns, deliveries::parts, unknown},
    store::Store,
};

/// Where one event went, or came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The adapter.
    pub adapter: AdapterName,
    /// The conversation.
    pub conversation: ConversationId,
    /// The ticket, where it is known.
    pub ticket: Option<TicketId>,
    /// The adapter's identifiers, the text first; none until it was delivered.
    pub parts: Vec<String>,
    /// Where the delivery stands; what came from the CRM is done.
    pub state: DeliveryState,
    /// Agents alone see it.
    pub internal: bool,
    /// It came from there.
    pub origin: bool,
}

/// What a CRM's identifier of a message stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The Matrix event.
    pub event_id: EventId,
    /// The ticket, where it is known.
    pub ticket: Option<TicketId>,
}

// === impl Store ===

impl Store {
    /// Where an event of this tenant went, and where it came from if a CRM told it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn links_of(&self, tenant: &TenantId, event_id: &EventId) -> Result<Vec<Link>, StorageError> {
        const LINKS: &str = "SELECT o.adapter, o.conversation, o.ticket, o.parts, o.state, o.internal, 0 \
            FROM inbox i CROSS JOIN outbox o WHERE i.event_key = ? AND o.inbox_seq = i.seq AND o.tenant = ? \
            AND o.event_id = i.event_key \
            UNION ALL SELECT origin_adapter, origin_conversation, origin_ticket, json_array(origin_part), 1, 0, 1 \
            FROM actions WHERE event_id = ? AND tenant = ? AND origin_adapter IS NOT NULL \
            AND origin_part IS NOT NULL";
        let query = sqlx::query(LINKS).bind(event_id.as_str()).bind(tenant.as_str());
        let query = query.bind(event_id.as_str()).bind(tenant.as_str());
        let rows = query.fetch_all(&self.inner.readers).await?;
        let link = |row: &_| {
            let row = Columns(row);
            let state = row.int(4)?;
            Ok(Link {
                adapter: row.text(0)?,
                conversation: row.text(1)?,
                ticket: row.opt_text(2)?,
                parts: parts(row.opt_text(3)?)?,
                state: DeliveryState::from_column(state).ok_or_else(|| unknown("delivery state", state))?,
                internal: row.flag(5)?,
                origin: row.flag(6)?,
            })
        };
        rows.iter().map(link).collect()
    }

    /// The Matrix event that an adapter's identifier stands for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event_of_part(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        part: &str,
    ) -> Result<Option<Part>, StorageError> {
        const PART: &str = "SELECT event_id, ticket FROM links WHERE tenant = ? AND adapter = ? AND part = ?";
        let query = sqlx::query(PART).bind(tenant.as_str()).bind(adapter.as_str()).bind(part);
        let Some(row) = query.fetch_optional(&self.inner.readers).await? else { return Ok(None) };
        let row = Columns(&row);
        Ok(Some(Part { event_id: row.text(0)?, ticket: row.opt_text(1)? }))
    }
}
