//! The connections as an operator sees them, and asking an adapter whether anybody is there.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_egress::{NoFiles, Outlet};
use patchbay_plugin::{
    CallError, Caller, Ports,
    http::{self, Failure as Told},
    ports,
};
use patchbay_storage::StorageError;
use patchbay_types::{AdapterName, Millis, TenantId};

use super::{convert, course::Course};
use crate::{
    delivery::{Kv, failure_word},
    shared::Shared,
};

/// One adapter and whatever it talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The tenant.
    pub tenant: TenantId,
    /// The adapter.
    pub adapter: AdapterName,
    /// It reaches outside; else it is the host's own.
    pub outside: bool,
    /// Whether the other side was there when it was last looked for, since the start; none: it was not looked for.
    pub up: Option<bool>,
    /// Since when that is so.
    pub since: Option<Millis>,
    /// When it last answered.
    pub answered_at: Option<Millis>,
    /// What last went wrong, although it may be over.
    pub last_error: Option<ConnectionError>,
    /// While it is down: when it is tried next.
    pub next_try: Option<Millis>,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waiting_since: Option<Millis>,
}

/// What went wrong on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionError {
    /// When.
    pub at: Millis,
    /// The contract's word, such as `unauthorised`.
    pub kind: String,
    /// In the adapter's words.
    pub detail: String,
}

/// What an adapter's `probe` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// Somebody is there.
    Healthy {
        /// Of whatever it talks to.
        version: String,
        /// What else it says.
        detail: String,
    },
    /// Nobody is, or something is missing there.
    Failed {
        /// The contract's word.
        kind: String,
        /// What is wrong, in the adapter's words.
        detail: String,
    },
    /// The component itself faulted.
    Fault(String),
}

/// The connections of all tenants that serve.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn all(shared: &Shared) -> Result<Vec<Connection>, StorageError> {
    let waiting = shared.store.waiting_for().await?;
    let mut all = Vec::new();
    for (tenant, chain) in shared.chains.all().iter() {
        for (adapter, slot) in &chain.config.adapters {
            let key = (tenant.clone(), adapter.clone());
            let health = shared.connections.health().of(&key);
            let waits = waiting.iter().find(|one| one.tenant == key.0 && one.adapter == key.1);
            all.push(Connection {
                outside: !slot.grants.http.is_empty(),
                up: health.up.map(|(up, _)| up),
                since: health.up.map(|(_, since)| since),
                answered_at: health.answered_at,
                last_error: health.last_error.map(|trouble| ConnectionError {
                    at: trouble.at,
                    kind: trouble.kind.to_owned(),
                    detail: trouble.detail,
                }),
                next_try: shared.connections.next_try(&key, chain.generation),
                waiting: waits.map_or(0, |one| one.count),
                waiting_since: waits.map(|one| one.since),
                tenant: key.0,
                adapter: key.1,
            });
        }
    }
    Ok(all)
}

/// Asks an adapter whether anybody is there; none: there is no such adapter. Where somebody is, whoever waited for that
/// goes on.
pub(crate) async fn probe(shared: &Shared, tenant: &TenantId, adapter: &AdapterName) -> Option<Probed> {
    let view = shared.view(tenant)?;
    let slot = view.chain.adapters.get(adapter)?;
    let caller =
        Caller { tenant: tenant.clone(), slot: Arc::clone(&slot.name), about: Some(Arc::from("probe")) };
    let (now, course) = (shared.clock.now(), Arc::<Course>::default());
    let mut ports = Ports::none(now);
    let gate = view.gates.get(adapter);
    if let Some(gate) = gate {
        ports.secrets = Some(Box::new(super::SecretsPort(gate.secrets.clone())));
        if let Some(outlet) = gate.outlet.clone() {
            ports.http = Some(Box::new(Reads { outlet, course: Arc::clone(&course) }));
        }
    }
    if view.chain.config.adapters.get(adapter).is_some_and(|slot| slot.grants.store) {
        // What it writes there goes nowhere: nobody is to depend on being asked.
        ports.store = Some(Box::new(Kv::new(&shared.store, tenant.clone(), adapter.clone()).await));
    }
    let answer = slot.plugin.probe(&caller, ports).await.map(|timed| timed.value.0);
    let hidden = |mut text: String| {
        if let Some(gate) = gate {
            gate.secrets.hide(&mut text);
        }
        text
    };
    let key = (tenant.clone(), adapter.clone());
    Some(match answer {
        Ok(Ok(health)) => {
            if course.heard() {
                shared.connections.health().answers(&key, now);
                shared.connections.is_there(&key);
                shared.deliveries.release(|lane| lane.tenant == *tenant && lane.adapter == *adapter);
            }
            Probed::Healthy { version: hidden(health.version), detail: hidden(health.detail) }
        }
        Ok(Err(failure)) => {
            let (kind, detail) = (failure_word(failure.kind), hidden(failure.detail));
            shared.connections.health().fails(&key, now, kind, detail.clone(), false);
            Probed::Failed { kind: kind.to_owned(), detail }
        }
        Err(CallError::Guest(error)) => Probed::Fault(hidden(error)),
        Err(CallError::Fault(fault)) => Probed::Fault(hidden(fault.to_string())),
    })
}

/// A way out for whoever only looks: an effect has nobody who would remember it.
struct Reads {
    outlet: Outlet,
    course: Arc<Course>,
}

#[async_trait]
impl ports::Http for Reads {
    async fn send(&mut self, mut asked: http::Request) -> Result<http::Response, Told> {
        if asked.step.take().is_some() {
            return Err(Told::Denied(
                "a probe that an operator asked for changes nothing: it has no steps".to_owned(),
            ));
        }
        let answer = self.outlet.send(convert::request(asked), &NoFiles).await;
        if answer.is_ok() {
            self.course.hears();
        }
        answer.map(convert::response).map_err(convert::failure)
    }

    async fn forget(&mut self, _: String) {}
}
