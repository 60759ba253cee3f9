//! Odoo as a CRM: tickets of Helpdesk, leads of CRM or tasks of Project, in 16 to 21, spoken to by JSON-2 or JSON-RPC.
//!
//! How it is spoken to is in [`transport`], what is known of a server in [`known`]; people are found in `contact`, tickets
//! made in `open`, messages written in `append`, and what agents do is found by `poll`. What Odoo cannot do, and what is
//! done instead, is in `docs/odoo.md`.

mod alter;
mod append;
mod change;
mod contact;
pub mod fault;
mod files;
mod hook;
pub mod known;
mod load;
mod open;
mod poll;
mod probe;
mod quote;
mod remark;
mod session;
pub mod settings;
mod text;
pub mod time;
pub mod transport;
pub mod val;

use patchbay_sdk::prelude::*;
use serde_json::Value;

use crate::{
    append::Thread, contact::PARTNER, files::ATTACHMENT, session::Session, settings::Settings, transport::Ask,
};

/// The adapter.
pub struct Odoo(Settings);

impl Plugin for Odoo {
    type Settings = Settings;

    fn prepare(mut settings: Settings) -> Result<Self, Vec<Problem>> {
        settings.check()?;
        Ok(Self(settings))
    }
}

impl Adapter for Odoo {
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> {
        contact::contact(&Session::begin(&self.0)?, &person)
    }

    fn open(&self, draft: Draft, call: Call) -> Result<Opened, Failure> {
        open::open(&Session::begin(&self.0)?, &draft, &call)
    }

    fn append(&self, ticket: String, items: Vec<Item>, call: Call) -> Result<Vec<Written>, Failure> {
        let ticket = number(&ticket)?;
        let session = Session::begin(&self.0)?;
        let thread = Thread { session: &session, ticket, again: call.attempt > 1, history: call.history };
        write_each(items, |item| thread.write(item))
    }

    fn update(&self, ticket: String, changes: Changes, _: Call) -> Result<(), Failure> {
        change::update(&Session::begin(&self.0)?, number(&ticket)?, &changes.changes)
    }

    /// Odoo shows nobody typing in a ticket's messages, and no reading.
    fn notify(&self, _: String, _: Signal) -> Result<(), Failure> {
        Err(Failure::unsupported("Odoo shows neither typing nor reading in a ticket"))
    }

    /// `att:<attachment>`, or `avatar:<partner>:<what it looks like>`. The bytes are read over the same calls as all else:
    /// `/web/content` knows no API keys, and a token for it would be written into Odoo for good.
    fn fetch(&self, handle: String) -> Result<String, Failure> {
        let session = Session::begin(&self.0)?;
        let (model, field, at, rest) = match handle.split_once(':') {
            Some(("att", rest)) => (ATTACHMENT, "datas", "/0/datas", rest),
            Some(("avatar", rest)) => (PARTNER, "image_128", "/0/image_128", rest),
            _ => return Err(Failure::rejected("no handle of Odoo's files")),
        };
        let id = rest.split(':').next().and_then(|id| id.parse::<i64>().ok());
        let id = id.ok_or_else(|| Failure::rejected("no handle of Odoo's files"))?;
        let answer = session.ask(Ask::read(model, &[id], &[field]).take(at))?;
        match answer.pointer(at) {
            Some(Value::String(file)) => Ok(file.clone()),
            Some(_) => Err(Failure::rejected("there is nothing in this file")),
            None => Err(Failure::gone("Odoo has this file no more")),
        }
    }

    fn probe(&self) -> Result<Health, Failure> {
        probe::probe(&Session::anew(&self.0)?)
    }
}

impl Webhooks for Odoo {
    fn accept(&self, hook: Webhook) -> Answer {
        hook::accept(&self.0, &hook)
    }

    fn receive(&self, _: Webhook) -> Result<Batch, Failure> {
        Ok(Batch { entries: Vec::new(), poll: true })
    }
}

impl Polling for Odoo {
    fn poll(&self, cursor: Option<String>) -> Result<Page, Failure> {
        poll::poll(&Session::begin(&self.0)?, cursor.as_deref())
    }

    fn history(&self, ticket: String, cursor: Option<String>) -> Result<Page, Failure> {
        poll::history(&Session::begin(&self.0)?, number(&ticket)?, cursor.as_deref())
    }
}

fn number(ticket: &str) -> Result<i64, Failure> {
    ticket.parse().map_err(|_| Failure::gone("no ticket of Odoo's"))
}

patchbay_sdk::export_adapter!(Odoo: webhooks, polling);

#[cfg(test)]
mod tests;
