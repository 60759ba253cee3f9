//! What an agent said or did, as the host's API and command line hand it over: one JSON object for each.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// The body of a webhook. Unknown keys are ignored, so that a newer host may say more.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Said {
    /// Unique in this adapter, and the line's identifier in the ticket.
    id: String,
    kind: Kind,
    ticket: String,
    agent: Agent,
    text: Option<String>,
    html: Option<String>,
    /// A line of the ticket.
    reply_to: Option<String>,
    file: Option<File>,
    /// Milliseconds since the Unix epoch; absent: now.
    sent_at: Option<Timestamp>,
    status: Option<Status>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Shown to the customer.
    Reply,
    /// Seen by agents alone.
    Note,
    /// The ticket's status changes.
    Status,
}

#[derive(Deserialize)]
struct Agent {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct File {
    handle: String,
    name: String,
    #[serde(rename = "type")]
    mime_type: String,
    size: Option<u64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Open,
    Pending,
    Solved,
    Closed,
}

/// The entry that `body` tells.
///
/// # Errors
/// With what is missing or wrong, when `body` is nothing that an agent can say.
pub(crate) fn said(body: &[u8], now: impl FnOnce() -> Timestamp) -> Result<Entry, String> {
    let said: Said = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let author = person(said.agent);
    let news = match said.kind {
        Kind::Status => {
            let status = said.status.ok_or("a change of status says no `status`")?;
            News::Changed(Changes { changes: vec![Change::Status(status.into())], by: Some(author) })
        }
        kind @ (Kind::Reply | Kind::Note) => {
            let html = said.html;
            let text = said.text.filter(|plain| !plain.is_empty()).map(|plain| Text { plain, html });
            let files: Vec<_> = said.file.map(attachment).into_iter().collect();
            if text.is_none() && files.is_empty() {
                return Err("there is neither `text` nor `file`".to_owned());
            }
            let sent_at = said.sent_at.unwrap_or_else(now);
            let content = Content::Post(Post { text, files });
            let reply_to = said.reply_to.into_iter().collect();
            let message = Message { reply_to, ..Message::new(&said.id, author, sent_at, content) };
            if kind == Kind::Reply { News::Message(message) } else { News::Note(message) }
        }
    };
    Ok(Entry::new(said.id, said.ticket, news))
}

/// An agent who is in Matrix too is the same person in both.
fn person(agent: Agent) -> Person {
    let in_matrix = agent.id.starts_with('@') && agent.id.contains(':');
    let (id, network) =
        if in_matrix { (agent.id, None) } else { (format!("desk:{}", agent.id), Some("desk")) };
    Person { display_name: agent.name, network: network.map(str::to_owned), ..Person::new(id, Party::Agent) }
}

fn attachment(file: File) -> Attachment {
    Attachment { size: file.size, ..Attachment::new(file.handle, file.name, file.mime_type) }
}

impl From<Status> for TicketStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Pending => Self::Pending,
            Status::Solved => Self::Solved,
            Status::Closed => Self::Closed,
        }
    }
}
