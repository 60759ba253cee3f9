//! The desk's tickets and lines.

use patchbay_types::{TenantId, TicketId};
use sqlx::sqlite::SqliteRow;

use crate::{
    desk::{DeskFilter, DeskLine, DeskTicket, number},
    error::StorageError,
    read::Columns,
    store::Store,
};

macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT t.tenant, t.number, conversation, customer, status, subject, priority, queue, assignee, tags, ",
            "fields, opened_at, last_at, (SELECT count(*) FROM desk_lines l WHERE l.tenant = t.tenant ",
            "AND l.ticket = t.number) FROM desk_tickets t ",
            $rest
        )
    };
}

// === impl Store ===

impl Store {
    /// A tenant's desk tickets, newest activity first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_tickets(
        &self,
        tenant: &TenantId,
        filter: &DeskFilter,
    ) -> Result<Vec<DeskTicket>, StorageError> {
        const LIST: &str = tickets!(
            "WHERE t.tenant = ? AND (? IS NULL OR status = ?) ORDER BY last_at DESC, t.number DESC LIMIT ?"
        );
        let query = sqlx::query(LIST).bind(tenant.as_str()).bind(&filter.status).bind(&filter.status);
        query.bind(filter.limit).fetch_all(&self.inner.readers).await?.iter().map(ticket).collect()
    }

    /// One desk ticket.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_ticket(&self, tenant: &TenantId, id: &str) -> Result<Option<DeskTicket>, StorageError> {
        const ONE: &str = tickets!("WHERE t.tenant = ? AND t.number = ?");
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(number(id));
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(ticket).transpose()
    }

    /// A desk ticket's lines with a higher number than `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_lines(
        &self,
        tenant: &TenantId,
        ticket: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DeskLine>, StorageError> {
        const LIST: &str = "SELECT number, ticket, item_key, author, sent_at, internal, body, reply_to, removed_at, \
                            edits, reactions FROM desk_lines WHERE tenant = ? AND ticket = ? AND number > ? \
                            ORDER BY number LIMIT ?";
        let query = sqlx::query(LIST).bind(tenant.as_str()).bind(number(ticket));
        let query = query.bind(after.map_or(0, number)).bind(limit);
        query.fetch_all(&self.inner.readers).await?.iter().map(line).collect()
    }

    /// The identifier of the line that an item became, so that a repeated item is recognised.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_line_of_item(
        &self,
        tenant: &TenantId,
        ticket: &TicketId,
        key: &str,
    ) -> Result<Option<String>, StorageError> {
        const ONE: &str =
            "SELECT 'L-' || number FROM desk_lines WHERE tenant = ? AND ticket = ? AND item_key = ?";
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(number(ticket.as_str())).bind(key);
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(|row| Columns(row).text(0)).transpose()
    }

    /// Whether a line is one of this ticket's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn desk_has_line(
        &self,
        tenant: &TenantId,
        ticket: &str,
        line: &str,
    ) -> Result<bool, StorageError> {
        const ONE: &str = "SELECT 1 FROM desk_lines WHERE number = ? AND tenant = ? AND ticket = ?";
        let query = sqlx::query(ONE).bind(number(line)).bind(tenant.as_str()).bind(number(ticket));
        Ok(query.fetch_optional(&self.inner.readers).await?.is_some())
    }
}

fn ticket(row: &SqliteRow) -> Result<DeskTicket, StorageError> {
    let row = Columns(row);
    Ok(DeskTicket {
        tenant: row.text(0)?,
        ticket: format!("D-{}", row.int(1)?),
        conversation: row.text(2)?,
        customer: row.text(3)?,
        status: row.text(4)?,
        subject: row.opt_text(5)?,
        priority: row.opt_text(6)?,
        queue: row.opt_text(7)?,
        assignee: row.opt_text(8)?,
        tags: row.text(9)?,
        fields: row.text(10)?,
        opened_at: row.millis(11)?,
        last_at: row.millis(12)?,
        lines: row.millis(13)?,
    })
}

fn line(row: &SqliteRow) -> Result<DeskLine, StorageError> {
    let row = Columns(row);
    Ok(DeskLine {
        line: format!("L-{}", row.int(0)?),
        ticket: format!("D-{}", row.int(1)?),
        key: row.text(2)?,
        author: row.text(3)?,
        sent_at: row.millis(4)?,
        internal: row.flag(5)?,
        body: row.text(6)?,
        reply_to: row.opt_int(7)?.map(|number| format!("L-{number}")),
        removed_at: row.opt_int(8)?.map(i64::cast_unsigned),
        edits: row.text(9)?,
        reactions: row.text(10)?,
    })
}
