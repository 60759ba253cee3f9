//! What all parts of the pipeline share: the store, the chains, and caches of what only this host changes.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use arc_swap::ArcSwap;
use moka::{policy::EvictionPolicy, sync::Cache};
use patchbay_matrix::{Client, Ghosts};
use patchbay_plugin::{Chain, Chains};
use patchbay_storage::{
    Action, Conversation, Delivery, InboxEvent, NewDelivery, PersonRemote, Room, StorageError, Store, Ticket,
    TicketChange,
};
use patchbay_types::{
    AdapterName, Clock, ConversationId, EventId, Millis, RegistrationId, RoomId, TenantId, TicketId,
    config::{HostLimits, RegistrationConfig},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    breaker::Breakers,
    lanes::Lanes,
    media::{Media, MediaDeps},
    news::polls::Polls,
    outside::{Connections, Gate, Outside},
    ownership::Claims,
    people::People,
    queues::{ActionLane, DeliveryLane, InboundLane},
    room::RoomState,
    signals::Signals,
};

/// Everything that the pipeline is built from.
pub struct PipelineDeps {
    /// The database.
    pub store: Store,
    /// The tenants' chains.
    pub chains: Arc<Chains>,
    /// Wall-clock time.
    pub clock: Arc<dyn Clock>,
    /// The registrations, as configured.
    pub registrations: Vec<RegistrationConfig>,
    /// The way to each registration's homeserver.
    pub homeservers: BTreeMap<RegistrationId, Homeserver>,
    /// The way out of the house.
    pub outside: Outside,
    /// What files pass through.
    pub media: MediaDeps,
    /// Bounds.
    pub limits: HostLimits,
    /// Threads of the runtime that the pipeline runs on.
    pub threads: usize,
}

/// The way to a homeserver, and the names under which we act there.
#[derive(Clone)]
pub struct Homeserver {
    /// The names.
    pub ghosts: Ghosts,
    /// The way.
    pub client: Client,
}

/// A room and whose it is, as cached; its lane alone changes its state.
pub(crate) struct RoomEntry {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) decided_by: String,
    pub(crate) state: RoomState,
    /// Its owner was decided, or its state learnt, and that is not stored yet.
    pub(crate) dirty: bool,
    /// What was learnt of it may not be what is stored: its state is read again.
    pub(crate) stale: bool,
}

/// A conversation and its tickets, as cached; its inbound lane alone changes the row, its delivery lanes the tickets.
#[derive(Clone)]
pub(crate) struct ConversationEntry {
    pub(crate) row: Conversation,
    pub(crate) tickets: Vec<Ticket>,
}

/// Where an event went: what an edit, a removal or a reaction follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Routed {
    pub(crate) adapter: AdapterName,
    pub(crate) conversation: ConversationId,
    pub(crate) internal: bool,
}

/// What an adapter made of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Delivered {
    /// Its own identifiers, the text first; empty where it never got there.
    pub(crate) parts: Vec<String>,
    pub(crate) ticket: Option<TicketId>,
}

/// A tenant's chain and what is derived from it.
pub(crate) struct View {
    pub(crate) chain: Arc<Chain>,
    pub(crate) people: Arc<People>,
    pub(crate) gates: Arc<Gates>,
}

/// Each adapter's way out.
type Gates = BTreeMap<AdapterName, Gate>;

/// Bytes of events that are remembered.
const EVENTS: u64 = 4 << 20;

// === impl Routed ===

impl Routed {
    /// Where these deliveries go.
    pub(crate) fn of(deliveries: &[NewDelivery]) -> Vec<Self> {
        let routed = |delivery: &NewDelivery| Self {
            adapter: delivery.adapter.clone(),
            conversation: delivery.conversation.clone(),
            internal: delivery.internal,
        };
        deliveries.iter().map(routed).collect()
    }
}

type RoomKey = (RegistrationId, RoomId);
type ConversationKey = (TenantId, ConversationId);
/// A room, or a thread in it.
pub(crate) type NamedPlace = (RegistrationId, RoomId, Option<EventId>);

/// The pipeline's own state.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) chains: Arc<Chains>,
    pub(crate) clock: Arc<dyn Clock>,
    /// When this host began.
    pub(crate) started: Millis,
    pub(crate) registrations: BTreeMap<RegistrationId, RegistrationConfig>,
    pub(crate) homeservers: BTreeMap<RegistrationId, Homeserver>,
    pub(crate) claims: ArcSwap<Claims>,
    pub(crate) breakers: Breakers,
    pub(crate) inbound: Lanes<InboundLane, InboxEvent>,
    pub(crate) deliveries: Lanes<DeliveryLane, Delivery>,
    pub(crate) actions: Lanes<ActionLane, Action>,
    /// Events that are parked: what refers to them parks behind them.
    pub(crate) parked: RwLock<HashSet<(TenantId, EventId)>>,
    /// How many threads each tenant's plugins may compute on: all but one, so that the others always find one free.
    share: usize,
    shares: Cache<TenantId, Arc<Semaphore>>,
    /// With the generation that they were made of. A cache must not keep a chain: an old one has to go.
    derived: Cache<TenantId, (u64, Arc<People>, Arc<Gates>)>,
    /// Names that mappers gave to conversations which may not be committed yet.
    named: Cache<ConversationKey, NamedPlace>,
    rooms: Cache<RoomKey, Arc<Mutex<RoomEntry>>>,
    conversations: Cache<ConversationKey, Arc<Mutex<ConversationEntry>>>,
    routed: Cache<(TenantId, EventId), Arc<Vec<Routed>>>,
    persons: Cache<(TenantId, AdapterName, String), String>,
    turns_for_persons: Cache<(TenantId, AdapterName, String), Arc<tokio::sync::Mutex<()>>>,
    /// Events that came lately: what an edit, a reply or a reaction refers to mostly did.
    events: Cache<(RegistrationId, EventId), Arc<str>>,
    /// What adapters lately made of events.
    delivered: Cache<(TenantId, AdapterName, EventId), Arc<Delivered>>,
    pub(crate) connections: Connections,
    pub(crate) polls: Polls,
    pub(crate) signals: Signals,
    /// How often it was looked for what waits for too long.
    pub(crate) looks: std::sync::atomic::AtomicU64,
    pub(crate) outside: Outside,
    pub(crate) media: Media,
}

// === impl Shared ===

impl Shared {
    pub(crate) fn new(deps: PipelineDeps) -> Self {
        let limits = deps.limits;
        let registrations = deps.registrations.into_iter().map(|r| (r.id.clone(), r)).collect();
        let shared = Self {
            store: deps.store,
            chains: deps.chains,
            started: deps.clock.now(),
            clock: deps.clock,
            registrations,
            homeservers: deps.homeservers,
            claims: ArcSwap::default(),
            breakers: Breakers::default(),
            inbound: Lanes::new(crate::queues::inbound_limits(&limits)),
            deliveries: Lanes::new(crate::queues::delivery_limits(&limits)),
            actions: Lanes::new(crate::queues::action_limits(&limits)),
            parked: RwLock::default(),
            share: deps.threads.saturating_sub(1).max(1),
            shares: Cache::new(100_000),
            derived: Cache::new(4096),
            named: latest(10_000),
            rooms: latest(50_000),
            conversations: latest(50_000),
            routed: latest(20_000),
            persons: latest(50_000),
            turns_for_persons: latest(10_000),
            events: Cache::builder()
                .weigher(|_: &(RegistrationId, EventId), body: &Arc<str>| {
                    u32::try_from(body.len()).unwrap_or(u32::MAX).saturating_add(256)
                })
                .max_capacity(EVENTS)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            delivered: latest(10_000),
            connections: Connections::default(),
            polls: Polls::default(),
            signals: Signals::default(),
            looks: Default::default(),
            outside: deps.outside,
            media: Media::new(deps.media),
        };
        shared.read_claims();
        shared
    }

    /// Reads whose rooms are whose out of the tenants' current files, and how much each adapter takes at once.
    pub(crate) fn read_claims(&self) {
        let all = self.chains.all();
        let registrations: Vec<RegistrationConfig> = self.registrations.values().cloned().collect();
        let tenants = all.iter().map(|(tenant, chain)| (tenant, &*chain.config));
        self.claims.store(Arc::new(Claims::new(tenants, &registrations)));
        self.deliveries.limit_groups(connections(&all));
    }

    /// The tenant's current generation.
    pub(crate) fn view(&self, tenant: &TenantId) -> Option<Arc<View>> {
        let chain = self.chains.get(tenant)?;
        // A rollback brings a generation's number back with the same chain; a reload never does.
        let known = self.derived.get(tenant).filter(|(generation, ..)| *generation == chain.generation);
        let (_, people, gates) = known.unwrap_or_else(|| {
            let (people, gates) = (People::new(&chain.config), self.outside.gates(&chain));
            let derived = (chain.generation, Arc::new(people), Arc::new(gates));
            self.derived.insert(tenant.clone(), derived.clone());
            derived
        });
        Some(Arc::new(View { chain, people, gates }))
    }

    /// Waits for one of the tenant's threads.
    pub(crate) async fn compute(&self, tenant: &TenantId) -> Option<OwnedSemaphorePermit> {
        let share = self.shares.get_with_by_ref(tenant, || Arc::new(Semaphore::new(self.share)));
        share.acquire_owned().await.ok()
    }

    /// The room, as far as it is known.
    pub(crate) async fn room(
        &self,
        registration: &RegistrationId,
        room: &RoomId,
    ) -> Result<Arc<Mutex<RoomEntry>>, StorageError> {
        let key = (registration.clone(), room.clone());
        if let Some(entry) = self.rooms.get(&key) {
            if lock(&entry).stale {
                let row = self.store.room(registration, room).await?;
                let mut entry = lock(&entry);
                entry.state = row.and_then(|row| serde_json::from_str(&row.state).ok()).unwrap_or_default();
                (entry.stale, entry.dirty) = (false, true);
            }
            return Ok(entry);
        }
        let entry = match self.store.room(registration, room).await? {
            Some(row) => RoomEntry {
                state: serde_json::from_str(&row.state).unwrap_or_default(),
                tenant: row.tenant,
                decided_by: row.decided_by,
                dirty: false,
                stale: false,
            },
            None => RoomEntry {
                tenant: None,
                decided_by: String::new(),
                state: RoomState::default(),
                dirty: false,
                stale: false,
            },
        };
        Ok(self.rooms.get_with(key, || Arc::new(Mutex::new(entry))))
    }

    /// The conversation, if there is one.
    pub(crate) async fn conversation(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
    ) -> Result<Option<Arc<Mutex<ConversationEntry>>>, StorageError> {
        let key = (tenant.clone(), id.clone());
        if let Some(entry) = self.conversations.get(&key) {
            return Ok(Some(entry));
        }
        let Some(row) = self.store.conversation(tenant, id).await? else { return Ok(None) };
        let tickets = self.store.tickets(tenant, id).await?;
        Ok(Some(
            self.conversations.get_with(key, || Arc::new(Mutex::new(ConversationEntry { row, tickets }))),
        ))
    }

    /// Remembers a conversation that was just committed.
    pub(crate) async fn remember_conversation(&self, row: Conversation) {
        // Somebody may be reading the row as it was before, and put it here only after us: so it is here first.
        match self.conversation(&row.tenant, &row.id).await {
            Ok(Some(entry)) => lock(&entry).row = row,
            Ok(None) => {}
            Err(_) => self.conversations.invalidate(&(row.tenant, row.id)),
        }
    }

    /// Gives a conversation's name to a place, unless another one has it; answers who does.
    pub(crate) fn name(&self, tenant: &TenantId, name: &ConversationId, place: &NamedPlace) -> NamedPlace {
        self.named.get_with((tenant.clone(), name.clone()), || place.clone())
    }

    /// Remembers what was just committed of a ticket.
    pub(crate) fn remember_ticket(&self, change: &TicketChange) {
        let ticket = &change.ticket;
        let key = (ticket.tenant.clone(), ticket.conversation.clone());
        let Some(entry) = self.conversations.get(&key) else { return };
        change.apply_among(&mut lock(&entry).tickets);
    }

    /// Where an event went, if anywhere.
    pub(crate) async fn routed(
        &self,
        tenant: &TenantId,
        event: &EventId,
    ) -> Result<Arc<Vec<Routed>>, StorageError> {
        let key = (tenant.clone(), event.clone());
        if let Some(routed) = self.routed.get(&key) {
            return Ok(routed);
        }
        let links = self.store.links_of(tenant, event).await?;
        let routed = links
            .into_iter()
            .map(|link| Routed {
                adapter: link.adapter,
                conversation: link.conversation,
                internal: link.internal,
            })
            .collect();
        Ok(Arc::new(routed))
    }

    /// Remembers where an event went, which was just committed.
    pub(crate) fn remember_routed(&self, tenant: &TenantId, event: &EventId, deliveries: &[NewDelivery]) {
        self.routed.insert((tenant.clone(), event.clone()), Arc::new(Routed::of(deliveries)));
    }

    /// Remembers an event that others may refer to.
    pub(crate) fn remember_event(&self, registration: &RegistrationId, event: &EventId, body: &str) {
        self.events.insert((registration.clone(), event.clone()), body.into());
    }

    /// An event as this registration's homeserver sent it, where it is still here.
    pub(crate) async fn event(
        &self,
        registration: &RegistrationId,
        event: &str,
    ) -> Result<Option<Arc<str>>, StorageError> {
        if let Some(body) = self.events.get(&(registration.clone(), event.into())) {
            return Ok(Some(body));
        }
        let row = self.store.related_event(registration, event).await?;
        Ok(row.map(|row| row.body.into()))
    }

    /// Remembers what an adapter made of an event, which was just committed; where it was given the event more than once,
    /// the database knows.
    pub(crate) fn remember_delivered(&self, lane: &DeliveryLane, event: &EventId, delivered: Delivered) {
        let routed = self.routed.get(&(lane.tenant.clone(), event.clone()));
        let times = routed.map_or(0, |to| to.iter().filter(|to| to.adapter == lane.adapter).count());
        let key = (lane.tenant.clone(), lane.adapter.clone(), event.clone());
        if times == 1 && !self.delivered.contains_key(&key) {
            self.delivered.insert(key, Arc::new(delivered));
        } else {
            self.delivered.invalidate(&key);
        }
    }

    /// What an adapter made of an event, or brought it in as.
    pub(crate) async fn delivered(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        event: &EventId,
    ) -> Result<Arc<Delivered>, StorageError> {
        if let Some(delivered) = self.delivered.get(&(tenant.clone(), adapter.clone(), event.clone())) {
            return Ok(delivered);
        }
        let mut delivered = Delivered::default();
        for link in self.store.links_of(tenant, event).await?.into_iter().filter(|l| l.adapter == *adapter) {
            delivered.ticket = delivered.ticket.or(link.ticket);
            delivered.parts.extend(link.parts);
        }
        Ok(Arc::new(delivered))
    }

    /// Lets go of what was learnt of a room: the database is right. Whose room it is stays decided, since what told of
    /// it may not come again.
    pub(crate) fn forget_room(&self, registration: &RegistrationId, room: &RoomId) {
        if let Some(entry) = self.rooms.get(&(registration.clone(), room.clone())) {
            lock(&entry).stale = true;
        }
    }

    /// The room's row, as it is to be stored.
    pub(crate) fn room_row(registration: &RegistrationId, room: &RoomId, entry: &RoomEntry) -> Room {
        Room {
            registration: registration.clone(),
            room_id: room.clone(),
            tenant: entry.tenant.clone(),
            decided_by: entry.decided_by.clone(),
            state: crate::steps::json(&entry.state),
        }
    }

    /// A person's identifier in a CRM, once it is known.
    pub(crate) async fn person_remote(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        person: &str,
    ) -> Option<String> {
        let key = (tenant.clone(), adapter.clone(), person.to_owned());
        if let Some(remote) = self.persons.get(&key) {
            return Some(remote);
        }
        // Not to know one costs a call of `contact`, which finds whom it made before.
        let remote = self.store.person_remote(tenant, adapter, person).await.ok().flatten()?;
        self.persons.insert(key, remote.clone());
        Some(remote)
    }

    /// One at a time asks an adapter for a person.
    pub(crate) fn turn_for_person(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        person: &str,
    ) -> Arc<tokio::sync::Mutex<()>> {
        let key = (tenant.clone(), adapter.clone(), person.to_owned());
        self.turns_for_persons.get_with(key, Arc::default)
    }

    pub(crate) fn remember_person(&self, person: &PersonRemote) {
        let key = (person.tenant.clone(), person.adapter.clone(), person.person.clone());
        match &person.remote {
            Some(remote) => self.persons.insert(key, remote.clone()),
            None => self.persons.invalidate(&key),
        }
    }

    pub(crate) fn is_parked(&self, tenant: &TenantId, event: &EventId) -> bool {
        let parked = self.parked.read().unwrap_or_else(PoisonError::into_inner);
        !parked.is_empty() && parked.contains(&(tenant.clone(), event.clone()))
    }

    pub(crate) fn mark_parked(&self, tenant: &TenantId, event: &EventId, parked: bool) {
        let mut all = self.parked.write().unwrap_or_else(PoisonError::into_inner);
        if parked {
            all.insert((tenant.clone(), event.clone()));
        } else {
            all.remove(&(tenant.clone(), event.clone()));
        }
    }
}

/// Deliveries under way at once over one connection, where the tenant does not say how many.
const CONNECTION: u32 = 16;

/// How many deliveries each connection takes at once. What reaches nothing outside takes as many as there are.
fn connections(all: &BTreeMap<TenantId, Arc<Chain>>) -> HashMap<(TenantId, AdapterName), usize> {
    let mut limits = HashMap::new();
    for (tenant, chain) in all {
        for (adapter, slot) in &chain.config.adapters {
            if slot.concurrency.is_some() || !slot.grants.http.is_empty() {
                let limit = slot.concurrency.unwrap_or(CONNECTION) as usize;
                limits.insert((tenant.clone(), adapter.clone()), limit);
            }
        }
    }
    limits
}

/// A cache of what was used last. (By its own choice moka keeps what is used most, and turns newcomers away: what is
/// used here is what is new.)
fn latest<K, V>(most: u64) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(most).eviction_policy(EvictionPolicy::lru()).build()
}

/// A lock whose holder never panics while it holds it; should one, what it left is still the last known state.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
