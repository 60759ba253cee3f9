//! `GET /admin/v1/desk/lines`: the desk as one log, a JSON object on each line, in the order in which lines were
//! written. Whoever wants to know whether everything that was said arrived, once and in order, reads this.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header::CONTENT_TYPE;
use patchbay_plugin::types::{Attribute, Person};
use patchbay_storage::{LoggedLine, Store};
use patchbay_types::{Millis, Problem, TenantId};
use serde::{Deserialize, Serialize};

use crate::admin::{
    answer::{Query, Refused},
    v1::tickets::words,
};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Wanted {
    tenant: TenantId,
    /// Those behind this number.
    #[serde(default)]
    after: i64,
    #[serde(default = "most")]
    limit: u32,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Logged {
    /// Counts up; `after` takes it.
    pub id: i64,
    /// Its ticket.
    pub ticket: String,
    /// The ticket's conversation.
    pub conversation: String,
    /// The conversation's room.
    pub room: Option<String>,
    /// The event that it was made of; nothing for what was not said in Matrix.
    pub event_id: Option<String>,
    /// The item's key: the same on every attempt.
    pub key: String,
    /// The author's identifier.
    pub author: Option<String>,
    /// What the plugins noted about the author.
    pub attributes: Vec<Attribute>,
    /// Its words; nothing where it has none.
    pub text: Option<String>,
    /// Agents alone see it.
    pub internal: bool,
    /// When it was written; when it was sent, where that is not known.
    pub at: Millis,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let rows = store.desk_log(&wanted.tenant, wanted.after, wanted.limit.clamp(1, most())).await?;
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, &Logged::from(row)).map_err(|_| Problem::internal())?;
        lines.push(b'\n');
    }
    Ok(([(CONTENT_TYPE, "application/jsonl")], lines).into_response())
}

// === impl Logged ===

impl From<LoggedLine> for Logged {
    fn from(row: LoggedLine) -> Self {
        let author = serde_json::from_str::<Person>(&row.author).ok();
        Self {
            id: row.number,
            ticket: row.ticket,
            conversation: row.conversation.to_string(),
            room: row.room_id.map(|room| room.to_string()),
            event_id: row.event_id.map(|event| event.to_string()),
            key: row.key,
            author: author.as_ref().map(|person| person.id.clone()),
            attributes: author.map(|person| person.attributes).unwrap_or_default(),
            text: words(&row.body),
            internal: row.internal,
            at: row.written_at.unwrap_or(row.sent_at),
        }
    }
}

fn most() -> u32 {
    10_000
}
