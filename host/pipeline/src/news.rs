//! The way out: a CRM's webhooks are read by its adapter, and what they tell is turned into Matrix actions by the
//! mapper. Serial for each adapter; different ones do not wait for each other.

pub(crate) mod accept;
mod entry;
mod hook;
mod mask;
mod refused;
pub(crate) mod stored;
mod tasks;

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
    loop {
        if let Err(error) = start(&shared, &mut tasks, &cancel).await {
            warn!(%error, "a CRM's news cannot be read; it is tried again");
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tasks.one_ended() => continue,
            () = wake.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        tasks.look_again();
    }
    tasks.all_ended().await;
}

/// A task for each adapter for which something waits, unless it has one.
async fn start(
    shared: &Arc<Shared>,
    tasks: &mut Tasks,
    cancel: &CancellationToken,
) -> Result<(), StorageError> {
    let hooks = shared.store.hooks_wait_for().await?.into_iter().map(|adapter| (Kind::Hooks, adapter));
    let entries = shared.store.entries_wait_for().await?.into_iter().map(|adapter| (Kind::Entries, adapter));
    for lane in hooks.chain(entries) {
        let (shared, cancel) = (Arc::clone(shared), cancel.clone());
        tasks.start(lane, |(kind, adapter)| async move {
            match kind {
                Kind::Hooks => read(&shared, &adapter, &cancel).await,
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
