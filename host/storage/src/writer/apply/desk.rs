//! What a call wrote to the embedded desk, in order.

use rusqlite::params;

use crate::{
    desk::{DeskWrite, number},
    error::StorageError,
    writer::apply::{Commit, desk_change as change},
};

impl<'a> Commit<'a> {
    pub(super) fn desk(&mut self, writes: &'a [DeskWrite]) -> Result<(), StorageError> {
        const TICKET: &str = "INSERT INTO desk_tickets (tenant, number, conversation, customer, opened_at, last_at) \
                              VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
        const LINE: &str = "INSERT INTO desk_lines (tenant, ticket, number, item_key, author, sent_at, internal, body, \
                            reply_to) SELECT tenant, number, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM desk_tickets \
                            WHERE tenant = ?1 AND number = ?2 \
                            ON CONFLICT (tenant, ticket, item_key) DO NOTHING";
        for write in writes {
            match write {
                DeskWrite::Create { tenant, ticket, conversation, customer, at } => {
                    let row = params![tenant.as_str(), number(ticket), conversation.as_str(), customer, at];
                    self.run(TICKET, row)?;
                }
                DeskWrite::Line { tenant, ticket, line, key, author, sent_at, internal, body, reply_to } => {
                    let (tenant, ticket) = (tenant.as_str(), number(ticket));
                    let reply_to = reply_to.as_deref().map(number);
                    let row =
                        params![tenant, ticket, number(line), key, author, sent_at, internal, body, reply_to];
                    if self.run(LINE, row)? == 0 {
                        self.exists(tenant, ticket)?;
                    }
                    self.touch(tenant, ticket, *sent_at);
                }
                DeskWrite::Rewrite { tenant, line, body, at } => {
                    self.statement(&change::rewrite(tenant, line, body, *at))?;
                }
                DeskWrite::Remove { tenant, line, at } => {
                    self.statement(&change::remove(tenant, line, *at))?;
                }
                DeskWrite::React { tenant, line, key, by, on } => {
                    self.statement(&change::react(tenant, line, key, by, *on))?;
                }
                DeskWrite::Alter { tenant, ticket, change: what, at } => {
                    self.statement(&change::alter(tenant, number(ticket), what))?;
                    self.touch(tenant.as_str(), number(ticket), *at);
                }
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the desk has no such ticket: a line in it would be seen by nobody.
    fn exists(&self, tenant: &str, ticket: i64) -> Result<(), StorageError> {
        const TICKET: &str = "SELECT 1 FROM desk_tickets WHERE tenant = ? AND number = ?";
        if self.connection.prepare_cached(TICKET)?.exists(params![tenant, ticket])? {
            return Ok(());
        }
        Err(StorageError::refused(format!("tenant {tenant} has no desk ticket D-{ticket}")))
    }

    fn touch(&mut self, tenant: &'a str, ticket: i64, at: u64) {
        let last = self.touched.entry((tenant, ticket)).or_insert(at);
        *last = at.max(*last);
    }
}
