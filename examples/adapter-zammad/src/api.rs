//! The part of Zammad's API that is used.

use patchbay_sdk::{
    http::{self, FileBase64, Request, Url, base64_of, secret, text, url},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Zammad;

/// Anything that has an identifier.
#[derive(Deserialize)]
pub struct Made {
    pub id: u64,
    #[serde(default)]
    login: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
}

#[derive(Serialize)]
pub struct NewTicket<'a> {
    pub customer_id: Option<&'a str>,
    pub note: &'a str,
    pub article: Option<Article<'a>>,
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

#[derive(Serialize)]
pub struct Article<'a> {
    ticket_id: Option<u64>,
    body: &'a str,
    content_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    sender: &'static str,
    internal: bool,
    message_id: String,
    origin_by_id: Option<&'a str>,
    attachments: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    filename: &'a str,
    data: FileBase64,
    #[serde(rename = "mime-type")]
    mime_type: &'a str,
}

/// By this our own is recognised: no agent writes it.
pub fn mark(key: &str) -> String {
    format!("patchbay-{key}")
}

impl<'a> Article<'a> {
    /// # Errors
    /// For what is no post: the host then says it as one.
    pub fn of(ticket_id: Option<u64>, item: &'a Item) -> Result<Self, Failure> {
        let Content::Post(Post { text, files }) = &item.message.content else {
            return Err(Failure::unsupported("Zammad has plain articles only"));
        };
        let author = &item.message.author;
        let file = |file: &'a Attachment| File {
            filename: &file.file_name,
            data: base64_of(file),
            mime_type: &file.mime_type,
        };
        Ok(Self {
            ticket_id,
            body: text.as_ref().map_or("(file)", |text| &text.plain),
            content_type: "text/plain",
            kind: if item.internal { "note" } else { "web" },
            sender: if author.party == Party::Customer { "Customer" } else { "Agent" },
            internal: item.internal,
            message_id: mark(&item.key),
            origin_by_id: author.remote.as_deref(),
            attachments: files.iter().map(file).collect(),
        })
    }
}

impl Zammad {
    pub fn url(&self, path: &str) -> Url {
        url(&self.0.url).path("api/v1").path(path)
    }

    pub fn api(&self, request: Request) -> Request {
        request.header("authorization", text("Token token=").then(secret("zammad-token")))
    }

    pub fn user(&self, login: &str) -> Result<Option<Made>, Failure> {
        let query = format!("login:\"{}\"", login.replace(['"', '\\'], ""));
        let found: Vec<Made> =
            self.api(http::get(self.url("users/search").query("query", query))).send()?.read()?;
        Ok(found.into_iter().find(|user| user.login == login))
    }

    pub fn ticket_with(&self, note: &str) -> Result<Option<u64>, Failure> {
        let search =
            self.url("tickets/search").query("query", format!("note:\"{note}\"")).query("expand", "true");
        let found: Vec<Made> = self.api(http::get(search)).send()?.read()?;
        Ok(found.into_iter().find(|ticket| ticket.note.as_deref() == Some(note)).map(|ticket| ticket.id))
    }

    /// The article of `item`, if it is there.
    pub fn written(&self, ticket: u64, item: &Item) -> Result<Option<Written>, Failure> {
        let articles = self.url("ticket_articles/by_ticket").segment(ticket.to_string());
        let articles: Vec<Made> = self.api(http::get(articles)).send().map_err(http::Error::gone)?.read()?;
        let mark = mark(&item.key);
        let there = articles.into_iter().find(|article| article.message_id.as_ref() == Some(&mark));
        Ok(there.map(|article| Written::new(item, vec![article.id.to_string()])))
    }

    /// Adding what is there and taking what is not changes nothing, so no attempt has to look.
    pub fn tag(&self, ticket: u64, changes: &[Change]) -> Result<(), Failure> {
        for (n, change) in changes.iter().enumerate() {
            let (tag, request) = match change {
                Change::Tag(tag) => (tag, http::post(self.url("tags/add"))),
                Change::Untag(tag) => (tag, http::delete(self.url("tags/remove"))),
                _ => continue,
            };
            let body = json!({ "item": tag, "object": "Ticket", "o_id": ticket });
            self.api(request).json(&body).step(format!("tag-{n}")).send().map_err(http::Error::gone)?;
        }
        Ok(())
    }
}
