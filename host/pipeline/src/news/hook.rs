//! A webhook, as it was stored, is read by its adapter into entries.

use std::sync::Arc;

use patchbay_plugin::{CallError, Caller, Ports, adapter, webhooks};
use patchbay_storage::{Hook, HookOutcome, NewEntry, Park, Received, StorageError, Trace};
use patchbay_types::{Millis, TicketId};
use tracing::warn;

use crate::{fault::Called, fault::Verdict, news::Next, retry, shared::Shared, steps};

/// Reads one webhook.
///
/// # Errors
/// When what came of it cannot be committed.
pub(crate) async fn read(shared: &Arc<Shared>, hook: Hook) -> Result<Next, StorageError> {
    let now = shared.clock.now();
    if hook.not_before > now {
        return Ok(Next::Wait);
    }
    let Some(view) = shared.view(&hook.tenant) else { return Ok(Next::Wait) };
    let Some(slot) = view.chain.adapters.get(&hook.adapter) else { return Ok(Next::Wait) };
    let caller = Caller {
        tenant: hook.tenant.clone(),
        slot: Arc::clone(&slot.name),
        about: Some(Arc::from(hook.key.as_str())),
    };
    let mut received = Received {
        hook: None,
        tenant: hook.tenant.clone(),
        adapter: hook.adapter.clone(),
        at: now,
        entries: Vec::new(),
        kv: Vec::new(),
        trace: Trace::new(),
    };
    let webhook: webhooks::Webhook = match serde_json::from_slice(&hook.body) {
        Ok(webhook) => webhook,
        Err(error) => {
            let reason = format!("its stored form cannot be read: {error}");
            return park(shared, hook.id, received, Park { reason, ..Park::default() }).await;
        }
    };
    let called = Called { chain: &view.chain, slot, caller: &caller, name: "webhooks.receive" };
    if shared.breakers.allow(&called.breaker(&slot.plugin), now).is_err() {
        return Ok(Next::Wait);
    }
    let input = steps::json(&webhook);
    let mut fault = None;
    for _ in 0..2 {
        let answer = slot.plugin.receive(&caller, Ports::none(now), &webhook).await;
        let answer = answer.map(|timed| patchbay_plugin::Timed {
            value: timed.value.map(|(batch, _)| batch),
            took: timed.took,
            fuel: timed.fuel,
        });
        let step =
            steps::called(called.name, &slot.name, &view.chain, &slot.plugin, now, input.clone(), &answer);
        received.trace.push(step);
        match answer.map(|timed| timed.value) {
            Ok(Some(Ok(batch))) => {
                received.entries = batch.entries.iter().map(|entry| new_entry(entry, now)).collect();
                received.hook = Some(HookOutcome::Done(hook.id));
                shared.store.received(received).await?;
                return Ok(Next::Go);
            }
            Ok(Some(Err(failure))) if never(&failure) => {
                let reason = format!("{:?}: {}", failure.kind, failure.detail);
                return park(shared, hook.id, received, called.park(&slot.plugin, reason)).await;
            }
            Ok(Some(Err(failure))) => {
                warn!(tenant = %hook.tenant, adapter = %hook.adapter, hook = %hook.key, kind = ?failure.kind, "a webhook was not read");
                let at = now + retry::pause(hook.attempt + 1, failure.retry_after, &mut rand::rng());
                received.hook = Some(HookOutcome::Retry { id: hook.id, at });
                shared.store.received(received).await?;
                return Ok(Next::Wait);
            }
            Ok(None) => {
                let reason = "the adapter exports no `webhooks`".to_owned();
                return park(shared, hook.id, received, called.park(&slot.plugin, reason)).await;
            }
            Err(CallError::Guest(error)) => {
                return park(shared, hook.id, received, called.park(&slot.plugin, error)).await;
            }
            Err(CallError::Fault(error)) => fault = Some(error),
        }
    }
    let Some(fault) = fault else { return Ok(Next::Wait) };
    match called.second_fault::<()>(&slot.plugin, &fault, &shared.breakers, &*shared.clock) {
        Verdict::Park(why) => park(shared, hook.id, received, why).await,
        _ => Ok(Next::Wait),
    }
}

async fn park(shared: &Shared, id: i64, mut received: Received, park: Park) -> Result<Next, StorageError> {
    received.hook = Some(HookOutcome::Parked(id, park));
    shared.store.received(received).await?;
    Ok(Next::Go)
}

/// Whether the adapter will never read it, however often it is asked.
fn never(failure: &adapter::Failure) -> bool {
    use adapter::FailureKind::{Gone, Rejected, Unsupported};
    matches!(failure.kind, Gone | Rejected | Unsupported)
}

/// Nobody has to wait longer than a month to be shown something.
const LONGEST: Millis = 30 * 86_400_000;

fn new_entry(entry: &patchbay_plugin::types::Entry, now: Millis) -> NewEntry {
    NewEntry {
        entry_id: entry.id.clone(),
        ticket: TicketId::from(entry.ticket.as_str()),
        body: steps::json(entry),
        not_before: entry.not_before.unwrap_or(0).min(now + LONGEST),
    }
}
