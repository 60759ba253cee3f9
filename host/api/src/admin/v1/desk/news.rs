//! What an agent did at the desk, on its way in: a webhook for the adapter that serves the desk, as if a help desk
//! somewhere else had sent it.

use http::HeaderMap;
use patchbay_plugin::{types::Header, webhooks::Webhook};
use patchbay_storage::{NewHook, Store};
use patchbay_types::{Digest, Millis, Problem, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admin::{PluginControl, Work, answer::Refused};

/// The header that makes a repeated request one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// It is kept: whatever happens to the host, the room will hear of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it is known by: `patchbay why` takes it.
    pub id: String,
    /// Nothing was kept before under the same `Idempotency-Key`.
    pub new: bool,
}

/// Something that an agent did to a ticket.
pub(in crate::admin) struct News {
    tenant: TenantId,
    ticket: String,
    id: String,
}

// === impl News ===

impl News {
    /// About this ticket; known by the request's `Idempotency-Key`, or by an identifier of its own.
    pub(in crate::admin) fn new(
        headers: &HeaderMap,
        tenant: TenantId,
        ticket: String,
    ) -> Result<Self, Problem> {
        let id = match headers.get(IDEMPOTENCY_KEY) {
            Some(key) if key.is_empty() || key.len() > 255 => {
                return Err(Problem::invalid("`Idempotency-Key` wants 1 to 255 bytes"));
            }
            // Two tickets may see the same key; and what a client chose is not to end up in a path or a log as it is.
            Some(key) => {
                let parts = [tenant.as_str().as_bytes(), ticket.as_bytes(), key.as_bytes()];
                Digest::of_parts(parts).to_string()
            }
            None => format!("{:032x}", rand::random::<u128>()),
        };
        Ok(Self { tenant, ticket, id })
    }

    /// Keeps it for the tenant's desk adapter; `body` says what was done.
    pub(in crate::admin) async fn keep(
        self,
        mut body: Value,
        store: &Store,
        plugins: &dyn PluginControl,
        work: &dyn Work,
        now: Millis,
    ) -> Result<Kept, Refused> {
        let Self { tenant, ticket, id } = self;
        if store.desk_ticket(&tenant, &ticket).await?.is_none() {
            return Err(Problem::not_found(format!("tenant `{tenant}` has no ticket `{ticket}`")).into());
        }
        let desks = plugins.desks(&tenant);
        let Some(adapter) = desks.into_iter().next() else {
            let said =
                format!("tenant `{tenant}` has no adapter with `grants.desk = true`: nobody would read this");
            return Err(Problem::new(409, "no-desk", said).into());
        };
        if let Some(object) = body.as_object_mut() {
            object.insert("id".to_owned(), id.clone().into());
            object.insert("ticket".to_owned(), ticket.into());
        }
        let webhook = Webhook {
            method: "POST".to_owned(),
            url: format!("patchbay://desk/{tenant}"),
            headers: vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }],
            body: body.to_string().into_bytes(),
        };
        let body = serde_json::to_vec(&webhook).map_err(|_| Problem::internal())?;
        let new = work.hook(NewHook { tenant, adapter, key: id.clone(), body, at: now }).await?;
        Ok(Kept { id, new })
    }
}
