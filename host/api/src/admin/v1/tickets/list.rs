//! `GET /admin/v1/tickets`: tickets of the embedded desk, newest activity first.

use std::sync::Arc;

use axum::{Json, extract::State};
use patchbay_storage::{DeskFilter, Store};
use patchbay_types::TenantId;
use serde::{Deserialize, Serialize};

use super::Ticket;
use crate::admin::{
    PluginControl,
    answer::{Answer, Query},
};

/// Which are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::admin) struct Wanted {
    /// One tenant's alone.
    tenant: Option<TenantId>,
    /// With this status alone.
    status: Option<String>,
    /// With this identifier alone; several tenants may have one.
    ticket: Option<String>,
    /// At most so many of each tenant.
    limit: u32,
}

/// Tickets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tickets {
    /// Newest activity first.
    pub tickets: Vec<Ticket>,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(plugins): State<Arc<dyn PluginControl>>,
    Query(wanted): Query<Wanted>,
) -> Answer<Tickets> {
    let tenants = wanted.tenant.map_or_else(|| plugins.tenants(), |one| vec![one]);
    let filter = DeskFilter { status: wanted.status, limit: wanted.limit.clamp(1, 1000) };
    let mut rows = Vec::new();
    for tenant in &tenants {
        match &wanted.ticket {
            Some(id) => rows.extend(store.desk_ticket(tenant, id).await?),
            None => rows.extend(store.desk_tickets(tenant, &filter).await?),
        }
    }
    let mut tickets: Vec<Ticket> = rows.into_iter().map(Ticket::from).collect();
    tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.last_at));
    Ok(Json(Tickets { tickets }))
}

impl Default for Wanted {
    fn default() -> Self {
        Self { tenant: None, status: None, ticket: None, limit: 100 }
    }
}
