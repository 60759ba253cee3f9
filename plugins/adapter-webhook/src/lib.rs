//! The generic adapter: whatever takes signed JSON over HTTP is a CRM. Each effect is one POST of an envelope, signed as
//! [Standard Webhooks](https://www.standardwebhooks.com/) says it, with an identifier that is the same on every attempt;
//! what agents do comes back as webhooks signed the same way.
//!
//! What is posted is in [`envelope`], what may be answered in [`reply`], what may come back in [`told`]; `schema/` has
//! all three as JSON Schema.

pub mod change;
pub mod envelope;
mod outbound;
mod post;
pub mod reply;
pub mod settings;
pub mod told;

use patchbay_sdk::{clock, http, prelude::*, webhook};

use crate::{
    envelope::{ContactUpsert, Event, Ping, SignalSent, TicketOpen, TicketUpdate},
    outbound::Ticketed,
    post::Poster,
    settings::Settings,
};

/// The adapter.
pub struct WebhookAdapter(Settings);

impl Plugin for WebhookAdapter {
    type Settings = Settings;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        settings.check()?;
        Ok(Self(settings))
    }
}

impl Adapter for WebhookAdapter {
    /// A receiver that does not want to hear of people knows them by the tenant's own names.
    fn contact(&self, person: Person, call: Call) -> Result<String, Failure> {
        if !self.0.contacts {
            return Ok(person.id);
        }
        let event = Event::ContactUpsert(ContactUpsert { person: (&person).into() });
        let reply = self.poster(&call).send(&format!("{}-contact", call.key), &event)?;
        Ok(reply.id.or(person.remote).unwrap_or(person.id))
    }

    fn open(&self, draft: Draft, call: Call) -> Result<Opened, Failure> {
        let Draft { conversation, customer, initial, .. } = draft;
        let changes = initial.into_iter().map(Into::into).collect();
        let event = Event::TicketOpen(TicketOpen { conversation, customer: (&customer).into(), changes });
        let reply = self.poster(&call).send(&format!("{}-open", call.key), &event)?;
        let id = reply.id.unwrap_or_else(|| call.key.clone());
        // The ticket is there, whatever becomes of its messages. The host appends them at once: were one of them to fail
        // in here, nobody could be told of both.
        Ok(Opened { ticket: Ticket { id, url: reply.url }, written: Vec::new() })
    }

    fn append(&self, ticket: String, items: Vec<Item>, call: Call) -> Result<Vec<Written>, Failure> {
        let ticketed = Ticketed { poster: self.poster(&call), ticket: &ticket };
        write_each(items, |item| ticketed.write(item))
    }

    fn update(&self, ticket: String, changes: Changes, call: Call) -> Result<(), Failure> {
        let Changes { changes, by } = changes;
        let changes = changes.into_iter().map(Into::into).collect();
        let event = Event::TicketUpdate(TicketUpdate { ticket, changes, by: by.as_ref().map(Into::into) });
        self.poster(&call).send(&format!("{}-update", call.key), &event).map(drop)
    }

    fn notify(&self, ticket: String, signal: Signal) -> Result<(), Failure> {
        if !self.0.signals {
            return Ok(());
        }
        let Signal { kind, by, target } = signal;
        let event = Event::Signal(SignalSent { ticket, kind: kind.into(), by: (&by).into(), target });
        Poster::once(&self.0).tell("signal", &event).map(drop)
    }

    /// The handle is the URL that the receiver gave.
    fn fetch(&self, handle: String) -> Result<String, Failure> {
        let request = self.0.authorised(http::get(handle));
        Ok(request.send_for_file().map_err(http::Error::gone)?)
    }

    fn probe(&self) -> Result<Health, Failure> {
        let reply = Poster::once(&self.0).tell("ping", &Event::Ping(Ping {}))?;
        Ok(Health::new(reply.version.unwrap_or_else(|| "unknown".to_owned()), "answers"))
    }
}

impl Webhooks for WebhookAdapter {
    /// Forged or stale: 401. Signed, but nothing that can be read: 400, with what is wrong.
    fn accept(&self, hook: Webhook) -> Answer {
        if let Err(forged) = webhook::standard_webhooks(&hook, self.0.inbound(), clock::now()) {
            return forged.into();
        }
        match told::entries(&hook, clock::now()) {
            Ok(_) => Answer::keep(),
            Err(why) => Answer::refuse(400).saying(why),
        }
    }

    fn receive(&self, hook: Webhook) -> Result<Batch, Failure> {
        Ok(told::entries(&hook, clock::now()).map_err(Failure::rejected)?.into())
    }
}

impl WebhookAdapter {
    fn poster(&self, call: &Call) -> Poster<'_> {
        Poster { settings: &self.0, history: call.history }
    }
}

patchbay_sdk::export_adapter!(WebhookAdapter: webhooks);

#[cfg(test)]
mod tests;
