//! What Zammad's webhook tells: an article if there is one, or else the ticket's state.

use patchbay_sdk::prelude::*;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Told {
    ticket: ToldTicket,
    #[serde(default)]
    article: Value,
}

#[derive(Deserialize)]
struct ToldTicket {
    id: u64,
    #[serde(default)]
    updated_at: String,
    #[serde(default)]
    state: Value,
}

#[derive(Deserialize)]
struct ToldArticle {
    id: u64,
    body: String,
    #[serde(default)]
    content_type: String,
    internal: bool,
    sender: Value,
    #[serde(default)]
    message_id: Option<String>,
    created_by: Agent,
    #[serde(default)]
    attachments: Vec<File>,
}

#[derive(Deserialize)]
struct Agent {
    login: String,
    #[serde(default)]
    firstname: String,
    #[serde(default)]
    lastname: String,
}

#[derive(Deserialize)]
struct File {
    id: u64,
    filename: String,
}

/// # Errors
/// When `body` is no webhook of Zammad's.
pub fn entries(body: &[u8]) -> Result<Vec<Entry>, serde_json::Error> {
    let Told { ticket, article } = serde_json::from_slice(body)?;
    if article.get("id").is_none() {
        return Ok(state(&ticket).into_iter().collect());
    }
    let article: ToldArticle = serde_json::from_value(article)?;
    let ours = article.message_id.as_ref().is_some_and(|id| id.starts_with("patchbay-"));
    if ours || name(&article.sender) != Some("Agent") {
        return Ok(Vec::new());
    }
    let id = article.id.to_string();
    let file = |file: &File| {
        let handle = format!("{}/{}/{}", ticket.id, article.id, file.id);
        Attachment::new(handle, &file.filename, "application/octet-stream")
    };
    let files = article.attachments.iter().map(file).collect();
    let html = article.content_type.starts_with("text/html").then(|| article.body.clone());
    let text = (!article.body.is_empty()).then(|| Text { plain: article.body.clone(), html });
    let full = format!("{} {}", article.created_by.firstname, article.created_by.lastname);
    let mut author = Person::new(format!("zammad:{}", article.created_by.login), Party::Agent);
    (author.display_name, author.network) = (Some(full.trim().to_owned()), Some("zammad".to_owned()));
    let message = Message::new(&id, author, patchbay_sdk::clock::now(), Content::Post(Post { text, files }));
    let news = if article.internal { News::Note(message) } else { News::Message(message) };
    Ok(vec![Entry::new(format!("article-{id}"), ticket.id.to_string(), news)])
}

fn state(ticket: &ToldTicket) -> Option<Entry> {
    let status = match name(&ticket.state)? {
        "closed" | "merged" => TicketStatus::Closed,
        state if state.starts_with("pending") => TicketStatus::Pending,
        _ => TicketStatus::Open,
    };
    let news = News::Changed(vec![Change::Status(status)].into());
    Some(Entry::new(format!("state-{}-{}", ticket.id, ticket.updated_at), ticket.id.to_string(), news))
}

/// A name, or an object that has one: versions of Zammad differ.
fn name(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("name")?.as_str())
}
