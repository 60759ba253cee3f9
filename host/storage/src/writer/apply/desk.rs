//! What a call wrote to the embedded desk. New tickets and lines go in bulk; changes of what is there, one by one and
//! in order, since several may touch the same line.

use crate::{
    desk::{DeskWrite, number},
    writer::{
        apply::{Plan, desk_change as change},
        targets::Target,
    },
};

impl Plan<'_> {
    pub(super) fn desk(&mut self, writes: &[DeskWrite]) {
        for write in writes {
            match write {
                DeskWrite::Create { tenant, ticket, conversation, customer, at } => {
                    let row = (tenant, number(ticket), conversation, customer, at);
                    self.batch.rows(Target::DeskTicket).push(&row);
                }
                DeskWrite::Line { tenant, ticket, line, key, author, sent_at, internal, body, reply_to } => {
                    let ticket = number(ticket);
                    let reply_to = reply_to.as_deref().map(number);
                    let rows = self.batch.rows(Target::DeskLine);
                    let (start, length) = rows.blob(body.as_bytes());
                    let row = (
                        tenant,
                        ticket,
                        number(line),
                        key,
                        author,
                        sent_at,
                        internal,
                        start,
                        length,
                        reply_to,
                    );
                    rows.push(&row);
                    self.batch.rows(Target::DeskTouch).push(&(tenant, ticket, sent_at));
                }
                DeskWrite::Rewrite { tenant, line, body, at } => {
                    self.batch.statement(change::rewrite(tenant, line, body, *at));
                }
                DeskWrite::Remove { tenant, line, at } => {
                    self.batch.statement(change::remove(tenant, line, *at))
                }
                DeskWrite::React { tenant, line, key, by, on } => {
                    self.batch.statement(change::react(tenant, line, key, by, *on));
                }
                DeskWrite::Alter { tenant, ticket, change: what, at } => {
                    self.batch.statement(change::alter(tenant, number(ticket), what));
                    self.batch.rows(Target::DeskTouch).push(&(tenant, number(ticket), at));
                }
            }
        }
    }
}
