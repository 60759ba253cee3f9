//! `POST /admin/v1/tickets/{tenant}/{id}/reply`: an agent answers, or leaves a note. It is a line of the ticket when this
//! is answered, and a ghost says it in the room as soon as the homeserver takes it. The header `Idempotency-Key` makes a
//! repeated request the same reply.

use axum::{Json, extract::State};
use http::HeaderMap;
use patchbay_plugin::{desk, types::Text};
use patchbay_storage::DeskWrite;
use patchbay_types::{Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::admin::{
    AdminState,
    answer::{Answer, Body, Path},
    v1::desk::{
        agent::Agent,
        news::{Kept, News, line_of},
    },
};

/// The longest text: one Matrix event carries it with room to spare.
const TEXT: usize = 32 << 10;

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reply {
    /// The words.
    pub text: String,
    /// The same as HTML, where there is more to it than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// A note for agents: the customer does not see it.
    #[serde(default)]
    pub internal: bool,
    /// Who answers.
    #[serde(default)]
    pub agent: Agent,
    /// The line that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

pub(in crate::admin) async fn handler(
    State(state): State<AdminState>,
    Path((tenant, ticket)): Path<(TenantId, String)>,
    headers: HeaderMap,
    Body(reply): Body<Reply>,
) -> Answer<Kept> {
    reply.check()?;
    let store = &state.store;
    let news = News::about(&state, &headers, tenant.clone(), ticket.clone()).await?;
    if let Some(line) = &reply.reply_to
        && !store.desk_has_line(&tenant, &ticket, line).await?
    {
        return Err(Problem::invalid(format!("`reply-to`: ticket `{ticket}` has no line `{line}`")).into());
    }
    // The adapter knows the reply by its line, so that what a customer answers finds it.
    let line = store.next_desk_line();
    let told = json!({
        "id": line,
        "kind": if reply.internal { "note" } else { "reply" },
        "agent": reply.agent,
        "text": reply.text,
        "html": reply.html,
        "reply-to": reply.reply_to,
        "sent-at": news.at,
    });
    let (key, written) = (news.key.clone(), reply.into_line(&news, &line)?);
    let new = news.keep(&state, told, written).await?;
    let id = if new { line } else { line_of(store, (&tenant, &ticket), &key, line).await? };
    Ok(Json(Kept { id, new }))
}

// === impl Reply ===

impl Reply {
    fn check(&self) -> Result<(), Problem> {
        if self.text.trim().is_empty() {
            return Err(Problem::invalid("`text` is empty: say something"));
        }
        if self.text.len() > TEXT || self.html.as_ref().is_some_and(|html| html.len() > TEXT) {
            return Err(Problem::invalid(format!("`text` and `html` may have {TEXT} bytes each")));
        }
        self.agent.check()
    }

    fn into_line(self, news: &News, line: &str) -> Result<DeskWrite, Problem> {
        let author = serde_json::to_string(&self.agent.person()).map_err(|_| Problem::internal())?;
        let body = desk::Body::Text(Text { plain: self.text, html: self.html });
        Ok(DeskWrite::Line {
            tenant: news.tenant.clone(),
            ticket: news.ticket.clone(),
            line: line.to_owned(),
            key: news.key.clone(),
            author,
            sent_at: news.at,
            internal: self.internal,
            body: serde_json::to_string(&body).map_err(|_| Problem::internal())?,
            reply_to: self.reply_to,
        })
    }
}
