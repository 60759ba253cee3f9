//! From Matrix to a CRM: a customer types, or has read what an agent wrote. Whose room it is, is looked up apart from the
//! homeserver's request; the adapter of each open ticket is told, unless its connection is down or its messages wait.

use std::{sync::Arc, time::Duration};

use patchbay_matrix::Ephemeral;
use patchbay_plugin::{
    CallError, Caller, Ports, Slot, adapter,
    types::{Audience, Party, Signal, SignalKind},
};
use patchbay_storage::StorageError;
use patchbay_types::{
    AdapterName, ConversationId, Digest, EventId, Millis, RegistrationId, RoomId, TenantId, UserId,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    OLDEST, count,
    pending::{Place, Put, Waiting},
    word,
};
use crate::{
    breaker::BreakerKey,
    delivery::Kv,
    news::{accept, hook},
    outside::Reads,
    queues::DeliveryLane,
    shared::{Shared, View, lock},
};

/// Between two rounds of one ticket.
const ROUND: Duration = Duration::from_secs(1);

/// What happened in a room.
struct Happened {
    registration: RegistrationId,
    room: RoomId,
    what: What,
    at: Millis,
    order: u64,
}

enum What {
    /// Who has begun (`true`) or stopped typing.
    Typing(Vec<(UserId, bool)>),
    Read(UserId, EventId),
}

/// Tells adapters of what homeservers send, until told to stop.
pub(crate) async fn run(
    shared: Arc<Shared>,
    mut sent: mpsc::Receiver<(RegistrationId, Ephemeral)>,
    cancel: CancellationToken,
) {
    // Of what came while nobody listened nobody knows how old it is.
    while sent.try_recv().is_ok() {}
    let (mut typing, mut order) = (super::typing::Typing::default(), 0);
    while let Some(Some((registration, ephemeral))) = cancel.run_until_cancelled(sent.recv()).await {
        order += 1;
        let at = shared.clock.now();
        let (room, what) = match ephemeral {
            Ephemeral::Typing { room_id, users } => {
                let changed = typing.are(&registration, &room_id, users);
                (room_id, What::Typing(changed))
            }
            Ephemeral::Read { room_id, user, event_id } => (room_id, What::Read(user, event_id)),
        };
        let Ok(place) = Arc::clone(&shared.signals.looking).try_acquire_owned() else {
            metrics::counter!("patchbay_ephemeral_dropped_total", "registration" => registration.to_string())
                .increment(1);
            continue;
        };
        let (shared, happened) = (Arc::clone(&shared), Happened { registration, room, what, at, order });
        tokio::spawn(async move {
            if let Err(error) = look(&shared, happened).await {
                debug!(%error, "a signal is dropped: the database does not answer");
            }
            drop(place);
        });
    }
}

/// Finds out who is to be told.
async fn look(shared: &Arc<Shared>, happened: Happened) -> Result<(), StorageError> {
    let Happened { registration, room, what, at, order } = happened;
    let is_ours = |user: &UserId| shared.is_ours(&registration, user);
    let what = match what {
        What::Typing(users) => What::Typing(users.into_iter().filter(|(user, _)| !is_ours(user)).collect()),
        What::Read(user, _) if is_ours(&user) => return Ok(()),
        read => read,
    };
    if matches!(&what, What::Typing(users) if users.is_empty()) {
        return Ok(());
    }
    let Some((tenant, conversation)) = whose(shared, &registration, &room).await? else { return Ok(()) };
    let Some(view) = shared.view(&tenant) else { return Ok(()) };
    if view.people.audience(room.as_str()) == Audience::Staff {
        return Ok(());
    }
    match what {
        What::Typing(users) => {
            let Some(entry) = shared.conversation(&tenant, &conversation).await? else { return Ok(()) };
            let tickets = lock(&entry).tickets.clone();
            for ticket in tickets.into_iter().filter(|ticket| ticket.open) {
                let place = Place {
                    tenant: tenant.clone(),
                    adapter: ticket.adapter,
                    conversation: conversation.clone(),
                    ticket: ticket.ticket,
                };
                for (user, on) in &users {
                    let kind = if *on { SignalKind::Typing } else { SignalKind::StoppedTyping };
                    let (user, target) = (user.clone(), Vec::new());
                    put(shared, &view, &place, Waiting { user, kind, target, at, order });
                }
            }
        }
        What::Read(user, event) => {
            // What a customer has read of what they wrote themselves is no news.
            for link in shared.store.links_of(&tenant, &event).await? {
                let Some(ticket) = link.ticket.filter(|_| link.origin && !link.internal) else { continue };
                let (adapter, conversation) = (link.adapter, link.conversation);
                let place = Place { tenant: tenant.clone(), adapter, conversation, ticket };
                let (user, kind) = (user.clone(), SignalKind::Read);
                put(shared, &view, &place, Waiting { user, kind, target: link.parts, at, order });
            }
        }
    }
    Ok(())
}

/// Whose conversation a room is.
async fn whose(
    shared: &Shared,
    registration: &RegistrationId,
    room: &RoomId,
) -> Result<Option<(TenantId, ConversationId)>, StorageError> {
    let key = (registration.clone(), room.clone());
    if let Some(known) = shared.signals.places.get(&key) {
        return Ok(known);
    }
    let row = shared.store.room(registration, room).await?;
    let whose = match row.and_then(|row| row.tenant) {
        Some(tenant) => {
            let row = shared.store.conversation_of_room(&tenant, registration, room, None).await?;
            row.map(|row| (tenant, row.id))
        }
        None => None,
    };
    shared.signals.places.insert(key, whose.clone());
    Ok(whose)
}

fn put(shared: &Arc<Shared>, view: &View, place: &Place, waiting: Waiting) {
    if view.people.party(waiting.user.as_str()) == Party::Bot {
        return;
    }
    match shared.signals.pending.put(place, waiting) {
        Put::There => {}
        Put::Dropped => count("in", &place.tenant, &place.adapter, "dropped"),
        Put::Begin => {
            let teller = Teller { shared: Arc::clone(shared), place: place.clone() };
            tokio::spawn(async move { teller.tell_all().await });
        }
    }
}

/// Whoever tells of one ticket.
struct Teller {
    shared: Arc<Shared>,
    place: Place,
}

// === impl Teller ===

impl Teller {
    async fn tell_all(&self) {
        loop {
            let waiting = self.shared.signals.pending.take(&self.place);
            if waiting.is_empty() {
                return;
            }
            for one in waiting {
                let outcome = match self.tell(one).await {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        debug!(%error, "a signal is dropped: the database does not answer");
                        "dropped"
                    }
                };
                count("in", &self.place.tenant, &self.place.adapter, outcome);
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Tells of one thing, if that is possible now; answers the word for what came of it.
    async fn tell(&self, waiting: Waiting) -> Result<&'static str, StorageError> {
        let (shared, place) = (&self.shared, &self.place);
        let now = shared.clock.now();
        if now > waiting.at + OLDEST {
            return Ok("too-old");
        }
        let Some(view) = shared.view(&place.tenant) else { return Ok("dropped") };
        let Some(slot) = view.chain.adapters.get(&place.adapter) else { return Ok("dropped") };
        let kind = word(waiting.kind);
        let able = (place.tenant.clone(), place.adapter.clone(), slot.plugin.digest(), kind);
        if shared.signals.is_unsupported(&able) {
            return Ok("unsupported");
        }
        if self.has_to_wait(&view, slot, now) {
            return Ok("held");
        }
        let Some(signal) = self.signal(&view, waiting).await? else { return Ok("dropped") };
        let caller = Caller { tenant: place.tenant.clone(), slot: Arc::clone(&slot.name), about: None };
        let ports = self.ports(&view, now).await;
        match slot.plugin.notify(&caller, ports, place.ticket.as_str(), &signal).await {
            Ok(timed) => {
                shared.breakers.passed(&breaker(&view, slot));
                let (answer, ports) = timed.value;
                Ok(self.answered(answer, ports, able).await)
            }
            Err(CallError::Guest(_)) => Ok("failed"),
            Err(CallError::Fault(_)) => {
                shared.breakers.faulted(&breaker(&view, slot), now);
                Ok("faulted")
            }
        }
    }

    async fn answered(
        &self,
        answer: Result<(), adapter::Failure>,
        ports: Ports,
        able: (TenantId, AdapterName, Digest, &'static str),
    ) -> &'static str {
        match answer {
            Ok(()) => {
                let kept = hook::kept(ports);
                if !kept.is_empty()
                    && let Err(error) = self.shared.store.kv_set(kept).await
                {
                    debug!(%error, "what an adapter wrote down over a signal is not kept");
                }
                "told"
            }
            Err(failure) if failure.kind == adapter::FailureKind::Unsupported => {
                self.shared.signals.unsupported(able);
                "unsupported"
            }
            Err(failure) => {
                debug!(tenant = %self.place.tenant, adapter = %self.place.adapter, kind = ?failure.kind,
                    "a signal was not told");
                "failed"
            }
        }
    }

    /// Messages come first: while they wait, nothing else is told.
    fn has_to_wait(&self, view: &View, slot: &Slot, now: Millis) -> bool {
        let (shared, place) = (&self.shared, &self.place);
        let connection = (place.tenant.clone(), place.adapter.clone());
        let lane = DeliveryLane {
            tenant: place.tenant.clone(),
            conversation: place.conversation.clone(),
            adapter: place.adapter.clone(),
        };
        let whole = (place.tenant.clone(), Arc::clone(&slot.name), slot.plugin.digest());
        shared.connections.look(&connection, view.chain.generation, now).is_err()
            || shared.deliveries.is_held(&lane)
            || shared.breakers.allow(&whole, now).is_err()
            || shared.breakers.allow(&breaker(view, slot), now).is_err()
    }

    /// The signal in the adapter's words.
    async fn signal(&self, view: &View, waiting: Waiting) -> Result<Option<Signal>, StorageError> {
        let (shared, place) = (&self.shared, &self.place);
        let Some(entry) = shared.conversation(&place.tenant, &place.conversation).await? else {
            return Ok(None);
        };
        let (registration, room) = {
            let entry = lock(&entry);
            (entry.row.registration.clone(), entry.row.room_id.clone())
        };
        let room = shared.room(&registration, &room).await?;
        let mut by = view.people.person(waiting.user.as_str(), &lock(&room).state);
        by.remote = shared.person_remote(&place.tenant, &place.adapter, &by.id).await;
        Ok(Some(Signal { kind: waiting.kind, by, target: waiting.target }))
    }

    async fn ports(&self, view: &View, now: Millis) -> Ports {
        let (tenant, adapter) = (self.place.tenant.clone(), self.place.adapter.clone());
        let mut ports = Ports { secrets: accept::secrets(view, &adapter), ..Ports::none(now) };
        if let Some(outlet) = view.gates.get(&adapter).and_then(|gate| gate.outlet.clone()) {
            ports.http = Some(Box::new(Reads { outlet, course: Arc::default() }));
        }
        if view.chain.config.adapters.get(&adapter).is_some_and(|slot| slot.grants.store) {
            ports.store = Some(Box::new(Kv::new(&self.shared.store, tenant, adapter).await));
        }
        ports
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // It has ended badly: somebody else may begin.
            self.shared.signals.pending.forget(&self.place);
        }
    }
}

/// A breaker of its own: what breaks over a signal must not hold up messages.
fn breaker(view: &View, slot: &Slot) -> BreakerKey {
    (view.chain.tenant.clone(), format!("{}/signals", slot.name).into(), slot.plugin.digest())
}
