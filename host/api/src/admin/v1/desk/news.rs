//! What an agent did at the desk: written there, and in the same commit kept as a webhook for the adapter that serves
//! the desk, as if a help desk somewhere else had told of it. From there it takes the way of every CRM's news.

use http::HeaderMap;
use patchbay_plugin::{types::Header, webhooks::Webhook};
use patchbay_storage::{DeskWrite, NewHook, Store};
use patchbay_types::{AdapterName, Digest, Millis, Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admin::{AdminState, answer::Refused};

/// The header that makes a repeated request one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// It is kept: whatever happens to the host, the room will hear of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it is known by; `why` takes it. For something said, the line of the ticket.
    pub id: String,
    /// Nothing was kept before under the same `Idempotency-Key`.
    pub new: bool,
}

/// Something that an agent is doing to a ticket that there is.
pub(in crate::admin) struct News {
    pub(in crate::admin) tenant: TenantId,
    pub(in crate::admin) ticket: String,
    /// The same for a repeated request.
    pub(in crate::admin) key: String,
    pub(in crate::admin) at: Millis,
    adapter: AdapterName,
}

// === impl News ===

impl News {
    /// About this ticket; known by the request's `Idempotency-Key`, or by a key of its own.
    pub(in crate::admin) async fn about(
        state: &AdminState,
        headers: &HeaderMap,
        tenant: TenantId,
        ticket: String,
    ) -> Result<Self, Refused> {
        let key = key(headers, &tenant, &ticket)?;
        if state.store.desk_ticket(&tenant, &ticket).await?.is_none() {
            return Err(Problem::not_found(format!("tenant `{tenant}` has no ticket `{ticket}`")).into());
        }
        let Some(adapter) = state.plugins.desks(&tenant).into_iter().next() else {
            let said =
                format!("tenant `{tenant}` has no adapter with `grants.desk = true`: nobody would read this");
            return Err(Problem::new(409, "no-desk", said).into());
        };
        Ok(Self { tenant, ticket, key, at: state.clock.now(), adapter })
    }

    /// Keeps it. `told` is what the adapter is to read, but for `ticket`; `written` what is written at the desk.
    pub(in crate::admin) async fn keep(
        self,
        state: &AdminState,
        mut told: Value,
        written: DeskWrite,
    ) -> Result<bool, Refused> {
        if let Some(object) = told.as_object_mut() {
            object.insert("ticket".to_owned(), self.ticket.into());
        }
        let webhook = Webhook {
            method: "POST".to_owned(),
            url: format!("patchbay://desk/{}", self.tenant),
            headers: vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }],
            body: told.to_string().into_bytes(),
        };
        let body = serde_json::to_vec(&webhook).map_err(|_| Problem::internal())?;
        let Self { tenant, adapter, key, at, .. } = self;
        let hook = NewHook {
            tenant,
            adapter,
            key,
            body,
            desk: vec![written],
            at,
            // The host itself says so.
            unasked: None,
            trace: Vec::new(),
        };
        Ok(state.work.hook(hook).await?)
    }
}

/// What a client chose is not to end up in a path or a log as it is, and two tickets may see the same key.
fn key(headers: &HeaderMap, tenant: &TenantId, ticket: &str) -> Result<String, Problem> {
    match headers.get(IDEMPOTENCY_KEY) {
        Some(key) if key.is_empty() || key.len() > 255 => {
            Err(Problem::invalid("`Idempotency-Key` wants 1 to 255 bytes"))
        }
        Some(key) => {
            let parts = [tenant.as_str().as_bytes(), ticket.as_bytes(), key.as_bytes()];
            Ok(Digest::of_parts(parts).to_string())
        }
        None => Ok(format!("{:032x}", rand::random::<u128>())),
    }
}

/// The line that an earlier request with this key wrote; `new` where there was none.
pub(in crate::admin) async fn line_of(
    store: &Store,
    (tenant, ticket): (&TenantId, &str),
    key: &str,
    new: String,
) -> Result<String, Refused> {
    let earlier = store.desk_line_of_item(tenant, &ticket.into(), key).await?;
    Ok(earlier.unwrap_or(new))
}
