//! The way out: a CRM's webhooks are read by its adapter, which also asks it what is new, and what either tells is turned
//! into Matrix actions by the mapper. Serial for each adapter; different ones do not wait for each other.

pub(crate) mod accept;
mod bounds;
pub(crate) mod entry;
pub(crate) mod hook;
mod mask;
mod opening;
mod poll;
pub(crate) mod polls;
mod refused;
pub(crate) mod stored;
mod tasks;
mod unknown;

use std::{sync::Arc, time::Duration};

use patchbay_storage::StorageError;
use patchbay_types::{AdapterName, TenantId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::tasks::{Kind, Tasks};
use crate::shared::Shared;

/// Rows read at once.
const BATCH: u32 = 64;
/// What has to wait is looked at again so often.
const LOOK: Duration = Duration::from_secs(1);
/// A CRM whose turn it is may have to wait for a place; that is not looked at more often than this.
const LEAST: Duration = Duration::from_millis(50);

/// Whether the same adapter's next one may follow.
pub(crate) enum Next {
    /// It may.
    Go,
    /// This one has to come first.
    Wait,
    /// It may, although this one waits.
    Aside,
}

/// Reads news until told to stop; `wake` says that there is some.
pub(crate) async fn run(shared: Arc<Shared>, wake: Arc<Notify>, cancel: CancellationToken) {
    let mut tasks = Tasks::default();
    let mut changes = shared.chains.changes();
    changes.mark_changed();
    loop {
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            shared.polls.read(&shared.chains.all(), shared.clock.now(), &mut rand::rng());
        }
        if let Err(error) = start(&shared, &mut tasks, &cancel).await {
            warn!(%error, "a CRM's news cannot be read; it is tried again");
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tasks.one_ended() => continue,
            () = wake.notified() => {}
            _ = changes.changed() => changes.mark_changed(),
            () = tokio::time::sleep(until_look(&shared)) => {}
        }
        tasks.look_again();
    }
    tasks.all_ended().await;
}

fn until_look(shared: &Shared) -> Duration {
    shared.polls.next_in(shared.clock.now()).map_or(LOOK, |next| next.clamp(LEAST, LOOK))
}

/// A task for each adapter for which something waits, unless it has one.
async fn start(
    shared: &Arc<Shared>,
    tasks: &mut Tasks,
    cancel: &CancellationToken,
) -> Result<(), StorageError> {
    let hooks = shared.store.hooks_wait_for().await?.into_iter().map(|adapter| (Kind::Hooks, adapter));
    let entries = shared.store.entries_wait_for().await?.into_iter().map(|adapter| (Kind::Entries, adapter));
    let polls = shared.polls.due(shared.clock.now(), &shared.connections);
    let polls = polls.into_iter().map(|adapter| (Kind::Hooks, adapter));
    for lane in hooks.chain(entries).chain(polls) {
        let (shared, cancel) = (Arc::clone(shared), cancel.clone());
        tasks.start(lane, |(kind, adapter)| async move {
            match kind {
                Kind::Hooks => read_and_ask(&shared, &adapter, &cancel).await,
                Kind::Entries => enter(&shared, &adapter, &cancel).await,
            }
            .unwrap_or_else(|error| {
                warn!(%error, "a piece of news waits: the database does not answer");
                false
            })
        });
    }
    Ok(())
}

type Adapter = (TenantId, AdapterName);

/// Reads an adapter's webhooks, and asks its CRM for a page of what is new if it is time to; answers whether any went on.
/// The next page comes behind the webhooks that came meanwhile.
async fn read_and_ask(
    shared: &Arc<Shared>,
    of: &Adapter,
    cancel: &CancellationToken,
) -> Result<bool, StorageError> {
    let went_on = read(shared, of, cancel).await?;
    if cancel.is_cancelled() || !shared.polls.is_due(of, shared.clock.now(), &shared.connections) {
        return Ok(went_on);
    }
    poll::poll(shared, of).await;
    Ok(true)
}

/// Reads an adapter's webhooks; answers whether any went on.
async fn read(shared: &Arc<Shared>, of: &Adapter, cancel: &CancellationToken) -> Result<bool, StorageError> {
    let (mut went_on, mut after) = (false, 0);
    loop {
        let hooks = shared.store.hooks_pending(&of.0, &of.1, after, BATCH).await?;
        let Some(last) = hooks.last() else { return Ok(went_on) };
        after = last.id;
        for hook in hooks {
            if cancel.is_cancelled() {
                return Ok(went_on);
            }
            let id = hook.id;
            let next = match hook::read(shared, hook).await {
                Err(StorageError::Refused(error)) => {
                    // It would be refused for ever: kept aside, with nothing of what came of it.
                    shared.store.received(refused::hook(of, id, shared.clock.now(), &error)).await?;
                    Next::Go
                }
                next => next?,
            };
            match next {
                Next::Go => went_on = true,
                Next::Aside => {}
                Next::Wait => return Ok(false),
            }
        }
    }
}

/// Shows an adapter's entries; answers whether any went on.
async fn enter(shared: &Arc<Shared>, of: &Adapter, cancel: &CancellationToken) -> Result<bool, StorageError> {
    let (mut went_on, mut after) = (false, 0);
    loop {
        let entries = shared.store.entries_pending(&of.0, &of.1, shared.clock.now(), after, BATCH).await?;
        let Some(last) = entries.last() else { return Ok(went_on) };
        after = last.id;
        for entry in entries {
            if cancel.is_cancelled() {
                return Ok(went_on);
            }
            let id = entry.id;
            let next = match entry::enter(shared, entry).await {
                Err(StorageError::Refused(error)) => {
                    let _ = shared.store.enter(refused::entry(of, id, shared.clock.now(), &error)).await?;
                    Next::Go
                }
                next => next?,
            };
            match next {
                Next::Go => went_on = true,
                Next::Aside => {}
                Next::Wait => return Ok(false),
            }
        }
    }
}
