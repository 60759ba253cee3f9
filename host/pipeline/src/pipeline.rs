//! The pipeline as a whole: what it starts, what wakes it, how it stops.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use patchbay_matrix::Ephemeral;
use patchbay_plugin::webhooks::Webhook;
use patchbay_storage::{InboxEvent, NewHook, Parked, ParkedFilter, Replayed, StorageError, Subject};
use patchbay_types::{AdapterName, EventId, Millis, RegistrationId, TenantId};
use serde::Serialize;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    act, delivery, failure, inbound, ingest,
    lanes::{LaneKey, Lanes, Turn},
    news::{
        self,
        accept::{Heard, Unheard},
        polls::PollStatus,
    },
    outside::{
        Looked,
        watched::{self, Connection, Probed},
    },
    queues::{DeliveryLane, InboundLane},
    shared::{PipelineDeps, Shared, lock},
    signals,
};

/// What is under way when the host stops may take so long.
const DRAIN: Duration = Duration::from_secs(20);
/// Held lanes are looked at so often.
const TICK: Duration = Duration::from_millis(100);
/// A clock that goes back by less is left alone.
const BACK: Millis = 60_000;
/// Rows read at once at the start.
const BATCH: u32 = 512;

/// The running pipeline.
pub struct Pipeline {
    shared: Arc<Shared>,
    wake_news: Arc<Notify>,
    /// Where typing and receipts come from, until it runs.
    signals: Mutex<Option<mpsc::Receiver<(RegistrationId, Ephemeral)>>>,
}

/// How much is under way: for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Load {
    /// Inbound lanes that are held.
    pub inbound_held: usize,
    /// Inbound lanes at work.
    pub inbound_running: usize,
    /// Delivery lanes that are held.
    pub deliveries_held: usize,
    /// Delivery lanes at work.
    pub deliveries_running: usize,
    /// Matrix lanes that are held.
    pub actions_held: usize,
    /// Matrix lanes at work.
    pub actions_running: usize,
    /// Breakers that are open.
    pub breakers_open: usize,
}

// === impl Pipeline ===

impl Pipeline {
    /// Puts it together; nothing runs yet.
    #[must_use]
    pub fn new(deps: PipelineDeps) -> Arc<Self> {
        let signals = Mutex::default();
        Arc::new(Self { shared: Arc::new(Shared::new(deps)), wake_news: Arc::new(Notify::new()), signals })
    }

    /// Typing and receipts come from here, once it runs.
    pub fn listen(&self, signals: mpsc::Receiver<(RegistrationId, Ephemeral)>) {
        *lock(&self.signals) = Some(signals);
    }

    /// Runs until `cancel`, then finishes what is under way. What waits stays in the database.
    ///
    /// # Errors
    /// When the database cannot be read at the start.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), StorageError> {
        self.remember_parked().await?;
        self.load_queues().await?;
        let shared = &self.shared;
        // Watched from before they are read: no tenant that comes between the two is missed.
        let changes = shared.chains.changes();
        shared.read_claims();
        let turns = TaskTracker::new();
        let loops = TaskTracker::new();
        loops.spawn(ingest::run(Arc::clone(shared), cancel.clone()));
        loops.spawn(news::run(Arc::clone(shared), Arc::clone(&self.wake_news), cancel.clone()));
        loops.spawn(failure::run(Arc::clone(shared), cancel.clone()));
        loops.spawn(watch(Arc::clone(shared), changes, cancel.clone()));
        if let Some(sent) = lock(&self.signals).take() {
            loops.spawn(signals::run(Arc::clone(shared), sent, cancel.clone()));
        }
        let drive_inbound = drive(shared, |s| &s.inbound, inbound::turn, &turns, &cancel);
        let drive_deliveries = drive(shared, |s| &s.deliveries, delivery::turn, &turns, &cancel);
        let drive_actions = drive(shared, |s| &s.actions, act::turn, &turns, &cancel);
        tokio::join!(drive_inbound, drive_deliveries, drive_actions);
        turns.close();
        loops.close();
        let drained = tokio::time::timeout(DRAIN, async {
            turns.wait().await;
            loops.wait().await;
        });
        if drained.await.is_err() {
            warn!(
                turns = turns.len(),
                "stopped while work was under way; it is done again at the next start"
            );
        }
        Ok(())
    }

    /// Asks an adapter whether a webhook is to be kept and how it is answered, while its sender waits: for as long as
    /// `within`, and for one of the tenant's threads before that. `at` is when it arrived, `delivery` what its sender
    /// calls it.
    ///
    /// # Errors
    /// When the adapter has not answered: then the webhook is to be kept as one that it was not asked about.
    pub async fn ask(
        &self,
        (tenant, adapter): (&TenantId, &AdapterName),
        webhook: &Webhook,
        delivery: Option<&str>,
        (at, within): (Millis, Duration),
    ) -> Result<Heard, Unheard> {
        news::accept::ask(&self.shared, (tenant, adapter), webhook, delivery, (at, within)).await
    }

    /// A webhook in the form in which [`Self::hook`] keeps it.
    #[must_use]
    pub fn pack(webhook: &Webhook) -> Vec<u8> {
        news::stored::pack(webhook)
    }

    /// Keeps a webhook for an adapter and has it read; answers whether it is new.
    ///
    /// # Errors
    /// When it could not be kept.
    pub async fn hook(&self, hook: NewHook) -> Result<bool, StorageError> {
        let new = self.shared.store.add_hook(hook).await?;
        self.wake_news.notify_one();
        Ok(new)
    }

    /// Lets something that is parked try again, behind what came later; answers what it is, or nothing where there is
    /// none such.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay(&self, id: i64) -> Result<Option<Replayed>, StorageError> {
        let parked = self.shared.store.parked_one(id).await?.map(|(parked, _)| parked);
        let replayed = self.shared.store.replay(id, self.shared.clock.now()).await?;
        self.release(parked);
        match &replayed {
            Some(Replayed::Event { seq, registration, room_id: Some(room) }) => {
                let event = self.shared.store.inbox_event(*seq).await?;
                match event {
                    Some(InboxEvent { tenant: Some(tenant), .. }) => {
                        let lane =
                            InboundLane { tenant, registration: registration.clone(), room: room.clone() };
                        self.shared.inbound.rewind(lane, seq - 1);
                    }
                    Some(event) => ingest::again(&self.shared, &event).await?,
                    None => {}
                }
            }
            Some(Replayed::Delivery { id, tenant, conversation, adapter }) => {
                let (tenant, conversation, adapter) = (tenant.clone(), conversation.clone(), adapter.clone());
                self.shared.deliveries.rewind(DeliveryLane { tenant, conversation, adapter }, id - 1);
            }
            Some(Replayed::Action { id, .. }) => {
                let after = id - 1;
                for action in self.shared.store.actions_pending(after, 1).await? {
                    let lane = act::lane(&action);
                    self.shared.actions.rewind(lane, after);
                }
            }
            Some(Replayed::Hook { .. } | Replayed::Entry { .. }) => self.wake_news.notify_one(),
            Some(Replayed::Event { .. }) | None => {}
        }
        Ok(replayed)
    }

    /// Gives something that is parked up; answers whether there was such a thing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn discard(&self, id: i64) -> Result<bool, StorageError> {
        let parked = self.shared.store.parked_one(id).await?.map(|(parked, _)| parked);
        let discarded = self.shared.store.discard(id, self.shared.clock.now()).await?;
        self.release(parked);
        Ok(discarded)
    }

    /// Each tenant's adapters, and how it stands with whatever they talk to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn connections(&self) -> Result<Vec<Connection>, StorageError> {
        watched::all(&self.shared).await
    }

    /// Asks an adapter whether anybody is there; none: there is no such adapter. It is to be called where guests compute.
    pub async fn probe(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Probed> {
        watched::probe(&self.shared, tenant, adapter).await
    }

    /// How often it was looked for what waits for too long, since the start.
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.shared.looks.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// How much is under way.
    #[must_use]
    pub fn load(&self) -> Load {
        let shared = &self.shared;
        let (inbound_held, inbound_running) = shared.inbound.load();
        let (deliveries_held, deliveries_running) = shared.deliveries.load();
        let (actions_held, actions_running) = shared.actions.load();
        Load {
            inbound_held,
            inbound_running,
            deliveries_held,
            deliveries_running,
            actions_held,
            actions_running,
            breakers_open: shared.breakers.open(shared.clock.now()),
        }
    }

    /// How asking each CRM what is new goes.
    #[must_use]
    pub fn polls(&self) -> Vec<PollStatus> {
        self.shared.polls.list()
    }

    /// What refers to it need not wait any longer.
    fn release(&self, parked: Option<Parked>) {
        let named = parked.and_then(named);
        if let Some((tenant, event)) = named {
            self.shared.mark_parked(&tenant, &event, false);
        }
    }

    async fn remember_parked(&self) -> Result<(), StorageError> {
        let mut after = 0;
        loop {
            let filter = ParkedFilter { after, limit: BATCH, ..ParkedFilter::default() };
            let page = self.shared.store.parked(&filter).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for (tenant, event) in page.into_iter().filter_map(named) {
                let (tenant, event): (TenantId, EventId) = (tenant, event);
                self.shared.mark_parked(&tenant, &event, true);
            }
        }
    }

    /// What waited in the two outboxes when the host last stopped. Lanes take what fits, and read on by themselves.
    async fn load_queues(&self) -> Result<(), StorageError> {
        let (shared, mut count) = (&self.shared, 0_usize);
        let mut after = 0;
        loop {
            let rows = shared.store.deliveries_pending(after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            count += rows.len();
            for row in rows {
                shared.deliveries.push(delivery::lane(&row), row.id, row);
            }
        }
        after = 0;
        loop {
            let rows = shared.store.actions_pending(after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            count += rows.len();
            for row in rows {
                shared.actions.push(act::lane(&row), row.id, row);
            }
        }
        if count > 0 {
            info!(count, "deliveries and actions were waiting from before");
        }
        Ok(())
    }
}

/// The event that is parked, where it is an event: a dead delivery of one leaves the event itself alone.
fn named(parked: Parked) -> Option<(TenantId, EventId)> {
    matches!(parked.subject, Subject::Inbox(_)).then_some(())?;
    Some((parked.tenant?, parked.event_id?))
}

/// Gives lanes their turns.
async fn drive<K, T, F>(
    shared: &Arc<Shared>,
    lanes: impl Fn(&Shared) -> &Lanes<K, T>,
    turn: impl Fn(Arc<Shared>, Turn<K, T>) -> F,
    turns: &TaskTracker,
    cancel: &CancellationToken,
) where
    K: LaneKey,
    F: Future<Output = ()> + Send + 'static,
{
    let lanes = lanes(shared);
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            next = lanes.next(|| shared.clock.now()) => {
                turns.spawn(turn(Arc::clone(shared), next));
            }
        }
    }
}

/// Watches the clock for held lanes, and the chains for what lanes may have waited for.
async fn watch(shared: Arc<Shared>, mut changes: watch::Receiver<u64>, cancel: CancellationToken) {
    let mut secrets = Looked::default();
    secrets.look(&shared.chains, &shared.outside);
    let mut seen = shared.clock.now();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                shared.read_claims();
                secrets.look(&shared.chains, &shared.outside);
                shared.inbound.release(|_| true);
                shared.deliveries.release(|_| true);
            }
            () = tokio::time::sleep(TICK) => {}
        }
        let before = std::mem::replace(&mut seen, shared.clock.now());
        let now = seen;
        if now + BACK < before {
            warn!(by = before - now, "the clock was set back: what waits for a time is looked at again");
            shared.inbound.release(|_| true);
            shared.deliveries.release(|_| true);
            shared.actions.release(|_| true);
            shared.polls.look_again(now);
        }
        let due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        if due(shared.inbound.next_due()) {
            shared.inbound.tick();
        }
        if due(shared.deliveries.next_due()) {
            shared.deliveries.tick();
        }
        if due(shared.actions.next_due()) {
            shared.actions.tick();
        }
    }
}
