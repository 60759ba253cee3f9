//! The way out: a CRM's webhooks are read by its adapter, and what they tell is turned into Matrix actions by the
//! mapper. Serial for each adapter, side by side for different ones.

pub(crate) mod accept;
mod entry;
mod hook;
mod mask;
pub(crate) mod stored;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt as _, stream};
use patchbay_storage::StorageError;
use patchbay_types::{AdapterName, TenantId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::shared::Shared;

/// Rows read at once, adapters at work at once.
const BATCH: u32 = 256;
const SIDE_BY_SIDE: usize = 32;
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
    loop {
        let read = match pass(&shared).await {
            Ok(read) => read,
            Err(error) => {
                warn!(%error, "a CRM's news cannot be read; it is tried again");
                0
            }
        };
        if read > 0 && !cancel.is_cancelled() {
            continue;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One look at all that waits; answers how much went on.
async fn pass(shared: &Arc<Shared>) -> Result<usize, StorageError> {
    let (mut went_on, mut after, mut waiting) = (0, 0, BTreeSet::new());
    // What waits for one adapter must not hide what is behind it for the others: page by page.
    loop {
        let hooks = shared.store.hooks_pending(after, BATCH).await?;
        let Some(last) = hooks.last() else { break };
        after = last.id;
        let hooks = by_adapter(hooks, |hook| (hook.tenant.clone(), hook.adapter.clone()), &waiting);
        went_on += each(hooks, |hook| hook::read(shared, hook), &mut waiting).await;
    }
    (after, waiting) = (0, BTreeSet::new());
    loop {
        let entries = shared.store.entries_pending(after, BATCH).await?;
        let Some(last) = entries.last() else { break };
        after = last.id;
        let entries = by_adapter(entries, |entry| (entry.tenant.clone(), entry.adapter.clone()), &waiting);
        went_on += each(entries, |entry| entry::enter(shared, entry), &mut waiting).await;
    }
    Ok(went_on)
}

type Adapter = (TenantId, AdapterName);

fn by_adapter<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> Adapter,
    waiting: &BTreeSet<Adapter>,
) -> BTreeMap<Adapter, Vec<T>> {
    let mut groups: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for item in items {
        let key = key(&item);
        if !waiting.contains(&key) {
            groups.entry(key).or_default().push(item);
        }
    }
    groups
}

/// Works on each group in order, on different ones side by side; answers how much went on, and notes who waits.
async fn each<T, F>(
    groups: BTreeMap<Adapter, Vec<T>>,
    work: impl Fn(T) -> F + Copy,
    waiting: &mut BTreeSet<Adapter>,
) -> usize
where
    F: Future<Output = Result<Next, StorageError>>,
{
    let one = |(key, items): (Adapter, Vec<T>)| async move {
        let mut done = 0;
        for item in items {
            match work(item).await {
                Ok(Next::Go) => done += 1,
                Ok(Next::Aside) => {}
                Ok(Next::Wait) => return (done, Some(key)),
                Err(error) => {
                    warn!(%error, "a piece of news waits: the database does not answer");
                    return (done, Some(key));
                }
            }
        }
        (done, None)
    };
    let ended: Vec<(usize, Option<Adapter>)> =
        stream::iter(groups.into_iter().map(one)).buffer_unordered(SIDE_BY_SIDE).collect().await;
    waiting.extend(ended.iter().filter_map(|(_, waits)| waits.clone()));
    ended.into_iter().map(|(done, _)| done).sum()
}
