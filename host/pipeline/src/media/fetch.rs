//! A file of a CRM's, by its adapter's handle: the adapter asks for it, and the host keeps what comes.

use std::{any::Any, sync::Arc};

use patchbay_plugin::{CallError, Caller, Ports, Timed, adapter::FailureKind, ports::Record};
use patchbay_storage::{KvWrite, Trace};
use patchbay_types::{AdapterName, TenantId};

use super::{spool::Spooled, taken::TakenFiles, why::Why};
use crate::{
    delivery::{Kv, said},
    fault::{Called, Verdict},
    outside::{Fetching, SecretsPort},
    shared::{Shared, View},
    steps,
};

/// The longest handle that an adapter is asked for.
const HANDLE: usize = 4 << 10;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) adapter: &'a AdapterName,
    pub(super) handle: &'a str,
    /// Bytes that it may have.
    pub(super) largest: u64,
    /// What it is fetched for.
    pub(super) about: &'a str,
}

/// Why there is no file.
pub(super) enum Unfetched {
    /// It may be had later; not before so many milliseconds where that was said.
    Later { error: String, retry_after: Option<u64> },
    /// It will never be had; in words for operators too.
    Never(Why, String),
}

/// Fetches a file; what was asked and answered is written into `trace`.
pub(super) async fn fetch(
    shared: &Shared,
    wanted: &Wanted<'_>,
    trace: &mut Trace,
) -> Result<Spooled, Unfetched> {
    let later = |error: &str| Unfetched::Later { error: error.to_owned(), retry_after: None };
    if wanted.handle.len() > HANDLE {
        return Err(Unfetched::Never(Why::NoFile, "its handle is too long".to_owned()));
    }
    let Some(view) = shared.view(wanted.tenant) else { return Err(later("the tenant is not served")) };
    let Some(slot) = view.chain.adapters.get(wanted.adapter) else {
        return Err(later("its adapter is not there any more"));
    };
    let now = shared.clock.now();
    let connection = (wanted.tenant.clone(), wanted.adapter.clone());
    if let Err(until) = shared.connections.look(&connection, view.chain.generation, now) {
        let retry_after = Some(until.saturating_sub(now));
        return Err(Unfetched::Later { error: "the connection to its CRM is down".to_owned(), retry_after });
    }
    let about = Some(Arc::from(wanted.about));
    let caller = Caller { tenant: wanted.tenant.clone(), slot: Arc::clone(&slot.name), about };
    let called = Called { chain: &view.chain, slot, caller: &caller, name: "adapter.fetch" };
    let (plugin, key) = (&slot.plugin, called.breaker(&slot.plugin));
    if let Err(until) = shared.breakers.allow(&key, now) {
        let retry_after = Some(until.saturating_sub(now));
        return Err(Unfetched::Later {
            error: "its adapter is left alone for a while".to_owned(),
            retry_after,
        });
    }
    let mut fault = None;
    for _ in 0..2 {
        let files = Arc::new(TakenFiles::new(&shared.media.spool, wanted.largest));
        let record = Record::default();
        let ports = ports(shared, &view, wanted, &files, &record).await;
        let answer = plugin.fetch(&caller, ports, wanted.handle).await;
        let mut kv = Vec::new();
        let answer = answer.map(|Timed { value: (value, ports), took, fuel }| {
            kv = kept(ports);
            Timed { value, took, fuel }
        });
        let input = steps::json(&(wanted.handle,));
        let mut step = steps::called(called.name, &slot.name, &view.chain, plugin, now, input, &answer);
        step.calls = steps::host_calls(&record);
        trace.push(step);
        match answer.map(|timed| timed.value) {
            Ok(Ok(handle)) => {
                shared.breakers.passed(&key);
                if let Err(error) = shared.store.kv_set(kv).await {
                    tracing::warn!(%error, "what an adapter kept of a fetch is not kept");
                }
                let nothing = || "the adapter answered with a handle that it did not take".to_owned();
                return files.get(&handle).ok_or_else(|| Unfetched::Never(Why::Refused, nothing()));
            }
            Ok(Err(failure)) => {
                shared.breakers.passed(&key);
                let error = said(&failure);
                return Err(match failure.kind {
                    _ if files.was_too_large() => Unfetched::Never(Why::TooLarge(wanted.largest + 1), error),
                    FailureKind::Busy | FailureKind::Unavailable | FailureKind::Unauthorised => {
                        Unfetched::Later { error, retry_after: failure.retry_after }
                    }
                    FailureKind::Gone => Unfetched::Never(Why::Missing, error),
                    FailureKind::Rejected | FailureKind::UnknownPerson | FailureKind::Unsupported => {
                        Unfetched::Never(Why::Refused, error)
                    }
                });
            }
            Err(CallError::Guest(error)) => return Err(Unfetched::Never(Why::Refused, error)),
            Err(CallError::Fault(error)) => {
                shared.breakers.faulted(&key, now);
                fault = Some(error);
            }
        }
    }
    let Some(fault) = fault else { return Err(later("its adapter was not asked")) };
    match called.second_fault::<()>(plugin, &fault, &shared.breakers, &*shared.clock) {
        Verdict::Hold(until) => {
            let retry_after = Some(until.saturating_sub(now));
            Err(Unfetched::Later { error: fault.to_string(), retry_after })
        }
        _ => Err(Unfetched::Never(Why::Refused, fault.to_string())),
    }
}

async fn ports(
    shared: &Shared,
    view: &View,
    wanted: &Wanted<'_>,
    files: &Arc<TakenFiles>,
    record: &Record,
) -> Ports {
    let mut ports = Ports { record: Some(Arc::clone(record)), ..Ports::none(shared.clock.now()) };
    if let Some(gate) = view.gates.get(wanted.adapter) {
        ports.secrets = Some(Box::new(SecretsPort(gate.secrets.clone())));
        if let Some(outlet) = gate.outlet.clone() {
            ports.http = Some(Box::new(Fetching { outlet, files: Arc::clone(files) }));
        }
    }
    if view.chain.config.adapters.get(wanted.adapter).is_some_and(|slot| slot.grants.store) {
        let (tenant, adapter) = (wanted.tenant.clone(), wanted.adapter.clone());
        ports.store = Some(Box::new(Kv::new(&shared.store, tenant, adapter).await));
    }
    ports
}

fn kept(ports: Ports) -> Vec<KvWrite> {
    let kv = ports.store.map(|store| (store as Box<dyn Any>).downcast::<Kv>());
    kv.and_then(Result::ok).map(|kv| kv.into_writes()).unwrap_or_default()
}
