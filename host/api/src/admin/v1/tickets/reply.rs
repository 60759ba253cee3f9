//! `POST /admin/v1/tickets/{tenant}/{id}/reply`: an agent answers. The reply is kept before this is answered, and takes
//! the way that every CRM's news take: the desk adapter reads it, the mapper turns it into Matrix events, a ghost says
//! it in the room. The header `Idempotency-Key` makes a repeated request the same reply.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use patchbay_storage::Store;
use patchbay_types::{Clock, Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::desk::news::{Kept, News};
use crate::admin::{
    PluginControl, Work,
    answer::{Answer, Body, Path},
};

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

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Unique in the tenant.
    pub id: String,
    /// As the customer sees it.
    pub name: String,
}

/// The longest text that one Matrix event carries with room to spare.
const TEXT: usize = 32 << 10;

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(plugins): State<Arc<dyn PluginControl>>,
    State(work): State<Arc<dyn Work>>,
    State(clock): State<Arc<dyn Clock>>,
    Path((tenant, ticket)): Path<(TenantId, String)>,
    headers: HeaderMap,
    Body(reply): Body<Reply>,
) -> Answer<Kept> {
    reply.check()?;
    let news = News::new(&headers, tenant, ticket)?;
    let kind = if reply.internal { "note" } else { "reply" };
    let mut body = json!({ "kind": kind, "agent": reply.agent, "text": reply.text });
    for (key, value) in [("html", reply.html), ("reply-to", reply.reply_to)] {
        if let (Some(object), Some(value)) = (body.as_object_mut(), value) {
            object.insert(key.to_owned(), value.into());
        }
    }
    Ok(Json(news.keep(body, &store, &*plugins, &*work, clock.now()).await?))
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
        for (field, value) in [("agent.id", &self.agent.id), ("agent.name", &self.agent.name)] {
            if value.trim().is_empty() || value.len() > 255 {
                return Err(Problem::invalid(format!("`{field}` wants 1 to 255 bytes")));
            }
        }
        Ok(())
    }
}

// === impl Agent ===

impl Default for Agent {
    fn default() -> Self {
        Self { id: "agent".to_owned(), name: "Agent".to_owned() }
    }
}
