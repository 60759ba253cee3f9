//! What was said, in a ticket: each item one message, in the name of the customer's partner, under an identifier that
//! follows from the item's key. Odoo takes a second message of the same identifier as readily as the first, so whoever tries
//! again looks first.

use patchbay_sdk::{clock, http, prelude::*};
use serde_json::{Value, json};

use crate::{
    alter,
    contact::cut,
    fault::Fault,
    files, quote,
    remark::{self, Said},
    session::{Lost, Session, id, made},
    time,
    transport::Ask,
};

/// Odoo's messages.
pub(crate) const MESSAGE: &str = "mail.message";

/// What is late by more than this gets its own time; Odoo's own is as good otherwise.
const LATE: Timestamp = 60_000;

/// One ticket that is written to.
pub(crate) struct Thread<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) ticket: i64,
    /// Something of this call may be there already.
    pub(crate) again: bool,
    /// It happened long ago.
    pub(crate) history: bool,
}

// === impl Thread ===

impl Thread<'_> {
    /// Writes one item.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(crate) fn write(&self, item: Item) -> Result<Written, Failure> {
        let parts = match &item.message.content {
            Content::Edit(edit) => alter::edit(self, &item, edit)?,
            Content::Removal(target) => alter::remove(self, &item, target)?,
            Content::Reaction(reaction) if reaction.removed.is_some() => Vec::new(),
            _ => match remark::said(&item)? {
                Some(said) => self.say(&item, said)?,
                None => Vec::new(),
            },
        };
        Ok(Written { key: item.key, parts })
    }

    /// Posts what is said, with its files.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(crate) fn say(&self, item: &Item, said: Said) -> Result<Vec<String>, Failure> {
        let mark = mark(&item.key);
        if self.again
            && let Some(there) = self.there(&mark)?
        {
            return Ok(vec![there.to_string()]);
        }
        let attached = files::attach(self, item)?;
        let quoted = quote::line(self.session, &item.message)?;
        let body = [quoted, said.body, attached.refused].concat();
        let model = self.session.settings.model();
        let author = item.message.author.remote.as_deref().and_then(|remote| remote.parse::<i64>().ok());
        let step = format!("post-{}", item.key);
        let post = self.post(item, &mark, body, said.internal || item.internal, author, &attached.ids);
        match self.session.ask(post.step(&step)) {
            Ok(answer) => match made(&answer) {
                Some(id) => Ok(vec![id.to_string()]),
                // It is there, whatever it is called.
                None => match self.there(&mark)? {
                    Some(id) => Ok(vec![id.to_string()]),
                    None => {
                        http::forget(&step);
                        Err(Failure::busy(format!(
                            "Odoo answered no message's number from {model}.message_post"
                        )))
                    }
                },
            },
            Err(Fault::Missing(said)) => {
                for step in &attached.steps {
                    http::forget(step);
                }
                Err(match self.session.lost(model, self.ticket, author)? {
                    Lost::Record => Failure::gone(format!("Odoo has no {model} {} any more", self.ticket)),
                    Lost::Person => Failure::unknown_person(format!("the author's contact is gone: {said}")),
                    // A file that was uploaded is gone by now: again, with new ones.
                    Lost::Other => Failure::busy(format!("something that was there is gone: {said}")),
                })
            }
            Err(Fault::Forbidden(said)) => Err(self.forbidden(said)?),
            Err(fault) => Err(fault.failure()),
        }
    }

    fn post(
        &self,
        item: &Item,
        mark: &str,
        body: String,
        internal: bool,
        author: Option<i64>,
        files: &[i64],
    ) -> Ask {
        let subtype = if internal { "mail.mt_note" } else { "mail.mt_comment" };
        let mut post = Ask::on(self.session.settings.model(), "message_post", &[self.ticket])
            .named("body", body)
            .named("message_type", "comment")
            .named("subtype_xmlid", subtype)
            .named("message_id", mark)
            // Mails to followers are queued, not sent while we wait; and the technical user does not become one.
            .with("mail_notify_force_send", false)
            .with("mail_create_nosubscribe", true)
            .with("mail_post_autofollow", false);
        // 16 and older take a body for HTML in any case, and do not know the word.
        if self.session.known().major() >= 17 {
            post = post.named("body_is_html", true);
        }
        if let Some(author) = author {
            post = post.named("author_id", author);
            // Odoo refuses whoever has no address to send from.
            if let Some(from) = self.sender(&item.message.author) {
                post = post.named("email_from", from);
            }
        }
        if !files.is_empty() {
            post = post.named("attachment_ids", json!(files));
        }
        // A homeserver believes a sender's clock, and nobody speaks tomorrow.
        let (sent, now) = (item.message.sent_at, clock::now());
        if self.history || sent.saturating_add(LATE) < now {
            post = post.named("date", time::written(sent.min(now)));
        }
        post
    }

    /// The customer's name with the technical user's address, where the customer has none that we know of.
    fn sender(&self, author: &Person) -> Option<String> {
        if author.email.is_some() {
            return None;
        }
        let known = self.session.known();
        let host = || {
            self.session
                .settings
                .url
                .split('/')
                .nth(2)
                .and_then(|host| host.split(':').next())
                .map(str::to_owned)
        };
        let address = known.address.or_else(|| Some(format!("patchbay@{}", host()?)))?;
        let name: String =
            cut(author.name(), 80).chars().filter(|c| !matches!(c, '"' | '\\' | '<' | '>')).collect();
        Some(format!("\"{name}\" <{address}>"))
    }

    /// The message that this mark is on, in this ticket.
    pub(crate) fn there(&self, mark: &str) -> Result<Option<i64>, Failure> {
        let domain = json!([["message_id", "=", mark]]);
        let found = self.session.first(Ask::search_read(MESSAGE, domain, &["id", "message_id"], 1))?;
        Ok(found.as_ref().and_then(id))
    }

    /// One ticket that we may not write to is that ticket's trouble; a model that we may not write to is everybody's.
    fn forbidden(&self, said: String) -> Result<Failure, Failure> {
        let model = self.session.settings.model();
        match self.session.is_there(model, self.ticket) {
            Ok(false) => Ok(Failure::rejected(format!(
                "the technical user may not see {model} {}: another company's, or by a record rule",
                self.ticket
            ))),
            Ok(true) | Err(Fault::Forbidden(_)) => Ok(Fault::Forbidden(said).failure()),
            Err(fault) => Err(fault.failure()),
        }
    }
}

/// What a message of ours is called in Odoo.
pub(crate) fn mark(key: &str) -> String {
    format!("<patchbay.{key}@patchbay>")
}

/// Whether a message was written by us, whoever the technical user was then.
pub(crate) fn is_ours(row: &Value) -> bool {
    row.get("message_id").and_then(Value::as_str).is_some_and(|id| id.starts_with("<patchbay."))
}
