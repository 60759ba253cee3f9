//! Which adapters' news are being worked on: one task for each, so that none waits for another's.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_types::{AdapterName, TenantId};
use tokio::task::{Id, JoinSet};
use tracing::error;

/// A tenant's adapters at work at once: what one of them waits for costs the others of its tenant alone.
const OF_A_TENANT: usize = 8;

/// Webhooks that are to be read and a CRM that is to be asked what is new, or the entries that came of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Hooks,
    Entries,
}

/// What is worked on in order.
pub(crate) type Lane = (Kind, (TenantId, AdapterName));

/// The tasks under way.
#[derive(Default)]
pub(crate) struct Tasks {
    tasks: JoinSet<bool>,
    lanes: BTreeMap<Id, Lane>,
    busy: BTreeSet<Lane>,
    of_tenant: BTreeMap<TenantId, usize>,
    /// Lanes in which nothing can go on now.
    waiting: BTreeSet<Lane>,
}

// === impl Tasks ===

impl Tasks {
    /// Starts a lane's task, unless it has one, has to wait, or its tenant has enough of them. The task answers whether
    /// anything went on; else the lane waits until [`Self::look_again`].
    pub(crate) fn start<F>(&mut self, lane: Lane, task: impl FnOnce(Lane) -> F)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let of_tenant = self.of_tenant.get(&lane.1.0).copied().unwrap_or(0);
        if of_tenant >= OF_A_TENANT || self.waiting.contains(&lane) || !self.busy.insert(lane.clone()) {
            return;
        }
        self.of_tenant.insert(lane.1.0.clone(), of_tenant + 1);
        let id = self.tasks.spawn(task(lane.clone())).id();
        self.lanes.insert(id, lane);
    }

    /// Waits until a task has ended; for ever, where there is none. Safe to give up.
    pub(crate) async fn one_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, went_on))) => self.ended(id, went_on),
            Some(Err(panic)) => {
                error!(%panic, "a task that reads a CRM's news ended badly");
                self.ended(panic.id(), false);
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until all tasks have ended.
    pub(crate) async fn all_ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// What waited may go on now.
    pub(crate) fn look_again(&mut self) {
        self.waiting.clear();
    }

    fn ended(&mut self, id: Id, went_on: bool) {
        let Some(lane) = self.lanes.remove(&id) else { return };
        self.busy.remove(&lane);
        if let Some(count) = self.of_tenant.get_mut(&lane.1.0) {
            *count -= 1;
            if *count == 0 {
                self.of_tenant.remove(&lane.1.0);
            }
        }
        if !went_on {
            self.waiting.insert(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn lane(tenant: &str, adapter: &str) -> Lane {
        (Kind::Hooks, (tenant.into(), adapter.into()))
    }

    #[tokio::test]
    async fn a_lane_has_one_task_and_one_that_hangs_holds_up_no_other() {
        let mut tasks = Tasks::default();
        let (end, hangs) = oneshot::channel::<()>();
        tasks.start(lane("a", "slow"), |_| async { hangs.await.is_ok() });
        tasks.start(lane("a", "slow"), |_| async { unreachable!("it has one") });
        tasks.start(lane("a", "quick"), |_| async { true });
        tasks.one_ended().await;
        assert_eq!(tasks.busy, BTreeSet::from([lane("a", "slow")]));
        end.send(()).unwrap();
        tasks.one_ended().await;
        assert!(tasks.busy.is_empty() && tasks.waiting.is_empty() && tasks.of_tenant.is_empty());
    }

    #[tokio::test]
    async fn what_cannot_go_on_or_ends_badly_is_not_started_again_before_a_new_look() {
        let mut tasks = Tasks::default();
        tasks.start(lane("a", "waits"), |_| async { false });
        tasks.start(lane("a", "panics"), |_| async { panic!("on purpose") });
        tasks.one_ended().await;
        tasks.one_ended().await;
        tasks.start(lane("a", "waits"), |_| async { true });
        tasks.start(lane("a", "panics"), |_| async { true });
        assert!(tasks.busy.is_empty());
        tasks.look_again();
        tasks.start(lane("a", "waits"), |_| async { true });
        assert_eq!(tasks.busy.len(), 1);
    }

    #[tokio::test]
    async fn a_tenant_whose_adapters_all_hang_leaves_room_for_others() {
        let mut tasks = Tasks::default();
        for n in 0..100 {
            tasks.start(lane("a", &n.to_string()), |_| std::future::pending());
        }
        assert_eq!(tasks.busy.len(), OF_A_TENANT);
        tasks.start(lane("b", "x"), |_| async { true });
        tasks.one_ended().await;
        assert_eq!(tasks.busy.len(), OF_A_TENANT);
    }
}
