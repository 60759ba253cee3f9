//! Zammad as a CRM: people, tickets and articles over its REST API, agents' articles back by its webhook.
//!
//! Zammad knows no idempotency keys. So each article carries its key as `message_id` and each ticket as `note`, and an
//! attempt after the first looks for it before it writes.

mod api;
mod news;

use patchbay_sdk::{clock, http, prelude::*, webhook::hmac_sha1};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{Article, Made, NewTicket, mark};

/// Where Zammad is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its address, such as `https://zammad.example.org`.
    url: String,
    /// The group of tickets for which the router names no queue.
    group: String,
}

/// The adapter.
pub struct Zammad(Settings);

impl Plugin for Zammad {
    type Settings = Settings;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        let https = settings.url.starts_with("https://").then_some(Self(settings));
        https.ok_or_else(|| vec![problem("/url", "an address that begins with https://")])
    }
}

impl Adapter for Zammad {
    /// A person's login is the tenant's own name of them, so that two attempts cannot make two people.
    fn contact(&self, person: Person, _: Call) -> Result<String, Failure> {
        let login = person.id.to_lowercase();
        if let Some(known) = self.user(&login)? {
            return Ok(known.id.to_string());
        }
        let body = json!({
            "login": login, "firstname": person.name(), "email": person.email, "phone": person.phone,
            "roles": ["Customer"],
        });
        let made: Made =
            self.api(http::post(self.url("users"))).json(&body).step("create-user").send()?.read()?;
        Ok(made.id.to_string())
    }

    /// With the first item; the host appends the others.
    fn open(&self, draft: Draft, call: Call) -> Result<Opened, Failure> {
        let (first, note) = (draft.items.first(), mark(&call.key));
        let found = if call.attempt > 1 { self.ticket_with(&note)? } else { None };
        let id = match found {
            Some(id) => id,
            None => {
                let title = first.and_then(|item| item.message.plain()).unwrap_or("Matrix");
                let title = Value::from(title.chars().take(60).collect::<String>());
                let article = first.map(|item| Article::of(None, item)).transpose()?;
                let mut fields = fields(&draft.initial);
                fields.entry("title").or_insert(title);
                fields.entry("group").or_insert_with(|| json!(self.0.group));
                let customer_id = draft.customer.remote.as_deref();
                let ticket = NewTicket { customer_id, note: &note, article, fields };
                let request = self.api(http::post(self.url("tickets"))).json(&ticket).step("create-ticket");
                request.send().map_err(http::Error::unknown_person)?.read::<Made>()?.id
            }
        };
        self.tag(id, &draft.initial)?;
        let written = first.map(|item| self.written(id, item)).transpose()?.flatten();
        let url = format!("{}/#ticket/zoom/{id}", self.0.url.trim_end_matches('/'));
        Ok(Opened { ticket: Ticket::new(id.to_string()).at(url), written: written.into_iter().collect() })
    }

    fn append(&self, ticket: String, items: Vec<Item>, call: Call) -> Result<Vec<Written>, Failure> {
        let id: u64 = ticket.parse().map_err(|_| Failure::gone("no ticket of Zammad's"))?;
        write_each(items, |item| {
            let article = Article::of(Some(id), &item)?;
            if call.attempt > 1
                && let Some(written) = self.written(id, &item)?
            {
                return Ok(written);
            }
            let request = self.api(http::post(self.url("ticket_articles"))).json(&article);
            let made: Made =
                request.step(format!("article-{}", item.key)).send().map_err(http::Error::gone)?.read()?;
            Ok(Written::new(&item, vec![made.id.to_string()]))
        })
    }

    fn update(&self, ticket: String, changes: Changes, _: Call) -> Result<(), Failure> {
        let id: u64 = ticket.parse().map_err(|_| Failure::gone("no ticket of Zammad's"))?;
        let fields = fields(&changes.changes);
        if !fields.is_empty() {
            let request = self.api(http::put(self.url("tickets").segment(&ticket))).json(&fields);
            request.step("update-ticket").send().map_err(http::Error::gone)?;
        }
        self.tag(id, &changes.changes)
    }

    /// Handles are the path of an attachment: `<ticket>/<article>/<attachment>`.
    fn fetch(&self, handle: String) -> Result<String, Failure> {
        Ok(self.api(http::get(self.url("ticket_attachment").path(&handle))).send_for_file()?)
    }

    fn probe(&self) -> Result<Health, Failure> {
        let version: Value = self.api(http::get(self.url("version"))).send()?.read()?;
        Ok(Health::new(version["version"].as_str().unwrap_or("unknown"), "Zammad answers"))
    }
}

impl Webhooks for Zammad {
    fn accept(&self, hook: Webhook) -> Answer {
        let scheme = hmac_sha1("zammad-webhook").header("x-hub-signature").prefix("sha1=");
        scheme.check(&hook, clock::now()).map_or_else(Answer::from, |()| Answer::keep())
    }

    fn receive(&self, hook: Webhook) -> Result<Batch, Failure> {
        news::entries(&hook.body).map(Batch::from).map_err(|error| Failure::rejected(error.to_string()))
    }
}

/// What a change is in Zammad; tags are added one by one.
fn fields(changes: &[Change]) -> Map<String, Value> {
    let set = |key: &str, value: Value| Some((key.to_owned(), value));
    let field = |change: &Change| match change {
        Change::Status(TicketStatus::Open | TicketStatus::Pending) => set("state", json!("open")),
        Change::Status(_) => set("state", json!("closed")),
        Change::Priority(Priority::Low) => set("priority", json!("1 low")),
        Change::Priority(Priority::Normal) => set("priority", json!("2 normal")),
        Change::Priority(_) => set("priority", json!("3 high")),
        Change::Queue(queue) => set("group", json!(queue.as_ref()?.id)),
        Change::Assignee(Some(agent)) => set("owner", json!(agent.id)),
        Change::Assignee(None) => set("owner_id", json!(1)),
        Change::Subject(subject) => set("title", json!(subject)),
        Change::Field(field) => set(&field.key, json!(field.value)),
        Change::Tag(_) | Change::Untag(_) => None,
    };
    changes.iter().filter_map(field).collect()
}

patchbay_sdk::export_adapter!(Zammad: webhooks);

#[cfg(test)]
mod tests;
