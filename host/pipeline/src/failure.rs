//! Failure is seen where people look: a customer whose message has not arrived is told in the room, once for each outage;
//! an agent whose answer has not arrived is told in the ticket, once for each message. One task looks for both, a little
//! at a time, so that ten thousand that wait are ten thousand notices nobody notices, and not all at once.
//!
//! What was told is written down in one commit with what is said: a crash neither forgets nor repeats it.

mod room;
mod ticket;
mod words;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use patchbay_storage::{Guarded, LanePlace, ParkedFilter, StorageError, Subject, Telling};
use patchbay_types::{Millis, TenantId, failure::FailureConfig};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::shared::{Shared, View};

/// The clock is looked at so often,
const TICK: Duration = Duration::from_millis(250);
/// and what waits, so often.
const EVERY: Millis = 1_000;
/// So many notices at each look, and so many notes.
const AT_ONCE: usize = 20;
/// So many lanes are stepped over at each look; the next look goes on from there.
const LANES: usize = 256;
/// So many rows of one table are read at each look.
const ROWS: u32 = 256;
/// So much of what has to be looked at later is remembered.
const LATER: usize = 10_000;

/// What the task knows from one look to the next.
#[derive(Default)]
struct Watch {
    next: Millis,
    lanes: LanePlace,
    rooms: (String, String),
    told: (String, String),
    notes: i64,
    parked: i64,
    actions: i64,
    /// What is due later, by when and which.
    later: BTreeSet<(Millis, Due)>,
}

/// Something to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Something that was set aside on its way to a CRM.
    Parked(i64),
    /// An action that waits.
    Action(i64),
}

/// Looks, until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut watch = Watch::default();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        let now = shared.clock.now();
        // A clock that was set back must not keep it from looking.
        if now >= watch.next || watch.next > now + EVERY {
            watch.next = now + EVERY;
            if let Err(error) = watch.look(&shared, now).await {
                warn!(%error, "what waits for too long cannot be looked for; it is tried again");
            }
            shared.looks.fetch_add(1, Relaxed);
        }
    }
}

// === impl Watch ===

impl Watch {
    async fn look(&mut self, shared: &Shared, now: Millis) -> Result<(), StorageError> {
        let Some(soonest) = Soonest::of(shared) else { return Ok(()) };
        let (mut notices, mut notes) = (AT_ONCE, AT_ONCE);
        self.set_aside(shared, now, &mut notes).await?;
        self.due(shared, now, &mut notices, &mut notes).await?;
        if let Some(after) = soonest.notice {
            self.over(shared, now, &mut notices).await?;
            // Mostly nothing waits for so long, and these two rows are all that is read.
            if shared.store.oldest_waiting().await?.is_some_and(|since| since + after <= now) {
                self.lanes(shared, now, &mut notices).await?;
                self.rooms(shared, now, &mut notices).await?;
            }
        }
        if let Some(after) = soonest.note {
            self.settled(shared, now, &mut notes).await?;
            self.actions(shared, now, after, &mut notes).await?;
        }
        Ok(())
    }

    /// What was set aside since the last look: of agents' messages it is told at once, of customers' in time.
    async fn set_aside(
        &mut self,
        shared: &Shared,
        now: Millis,
        notes: &mut usize,
    ) -> Result<(), StorageError> {
        let filter = ParkedFilter { after: self.parked, limit: ROWS, ..ParkedFilter::default() };
        for parked in shared.store.parked(&filter).await? {
            if *notes == 0 || self.later.len() >= LATER {
                return Ok(());
            }
            if let Some(failure) = parked.tenant.as_ref().and_then(|tenant| policy(shared, tenant)) {
                match parked.subject {
                    Subject::Inbox(_) | Subject::Delivery(_) => {
                        let after = failure.config().notice_after.as_millis();
                        if after > 0 {
                            self.later.insert((parked.at + after, Due::Parked(parked.id)));
                        }
                    }
                    Subject::Action(_) | Subject::Entry(_) if failure.config().note_after.as_millis() > 0 => {
                        ticket::set_aside(shared, &failure.0, &parked, now, notes).await?;
                    }
                    _ => {}
                }
            }
            self.parked = parked.id;
        }
        Ok(())
    }

    /// What is due by now.
    async fn due(
        &mut self,
        shared: &Shared,
        now: Millis,
        notices: &mut usize,
        notes: &mut usize,
    ) -> Result<(), StorageError> {
        while let Some(&(at, due)) = self.later.first() {
            let budget = if matches!(due, Due::Parked(_)) { &mut *notices } else { &mut *notes };
            if at > now || *budget == 0 {
                return Ok(());
            }
            match due {
                Due::Parked(id) => room::set_aside(shared, id, now, budget).await?,
                Due::Action(id) => ticket::waits(shared, id, now, budget).await?,
            }
            self.later.pop_first();
        }
        Ok(())
    }

    async fn lanes(&mut self, shared: &Shared, now: Millis, notices: &mut usize) -> Result<(), StorageError> {
        let lanes = shared.store.waiting_lanes(&self.lanes, LANES).await?;
        if lanes.len() < LANES {
            self.lanes = LanePlace::default();
        }
        let whole = lanes.len() < LANES;
        for lane in lanes {
            if *notices == 0 {
                return Ok(());
            }
            let place = LanePlace {
                tenant: lane.tenant.to_string(),
                conversation: lane.conversation.to_string(),
                adapter: lane.adapter.to_string(),
            };
            if !lane.told {
                room::lane(shared, &lane, now, notices).await?;
            }
            if !whole {
                self.lanes = place;
            }
        }
        Ok(())
    }

    async fn rooms(&mut self, shared: &Shared, now: Millis, notices: &mut usize) -> Result<(), StorageError> {
        let rooms = shared.store.waiting_rooms(&self.rooms, LANES).await?;
        let whole = rooms.len() < LANES;
        if whole {
            self.rooms = Default::default();
        }
        for waiting in rooms {
            if *notices == 0 {
                return Ok(());
            }
            room::unhandled(shared, &waiting, now, notices).await?;
            if !whole {
                self.rooms = (waiting.registration.to_string(), waiting.room_id.to_string());
            }
        }
        Ok(())
    }

    /// Conversations of which nothing waits any more.
    async fn over(&mut self, shared: &Shared, now: Millis, notices: &mut usize) -> Result<(), StorageError> {
        let told = shared.store.told(&self.told, now.saturating_sub(room::ON_ITS_WAY), ROWS).await?;
        let whole = told.len() < ROWS as usize;
        for one in told {
            if *notices == 0 {
                return Ok(());
            }
            self.told = (one.tenant.to_string(), one.conversation.to_string());
            if !one.waits {
                room::over(shared, one, now, notices).await?;
            }
        }
        if whole {
            self.told = Default::default();
        }
        Ok(())
    }

    /// Notes whose messages have arrived, or never will.
    async fn settled(&mut self, shared: &Shared, now: Millis, notes: &mut usize) -> Result<(), StorageError> {
        let open = shared.store.open_notes(self.notes, ROWS).await?;
        let whole = open.len() < ROWS as usize;
        for note in open {
            if *notes == 0 {
                return Ok(());
            }
            self.notes = note.id;
            ticket::settle(shared, note, now, notes).await?;
        }
        if whole {
            self.notes = 0;
        }
        Ok(())
    }

    /// Actions that wait. Their numbers rise with the time, so each is seen once, when the first tenant may want to know.
    async fn actions(
        &mut self,
        shared: &Shared,
        now: Millis,
        soonest: Millis,
        notes: &mut usize,
    ) -> Result<(), StorageError> {
        for action in shared.store.waiting_actions(self.actions, ROWS).await? {
            if action.created_at + soonest > now || *notes == 0 || self.later.len() >= LATER {
                return Ok(());
            }
            let after = policy(shared, &action.tenant).map(|view| view.config().note_after.as_millis());
            match after.filter(|after| action.notable && *after > 0) {
                Some(after) if action.created_at + after > now => {
                    self.later.insert((action.created_at + after, Due::Action(action.id)));
                }
                Some(_) => ticket::waits(shared, action.id, now, notes).await?,
                None => {}
            }
            self.actions = action.id;
        }
        Ok(())
    }
}

/// The shortest times that any tenant wants; none where none wants any.
struct Soonest {
    notice: Option<Millis>,
    note: Option<Millis>,
}

// === impl Soonest ===

impl Soonest {
    fn of(shared: &Shared) -> Option<Self> {
        let all = shared.chains.all();
        let times = |of: fn(&FailureConfig) -> Millis| {
            all.values().map(|chain| of(&chain.config.failure)).filter(|after| *after > 0).min()
        };
        let soonest =
            Self { notice: times(|c| c.notice_after.as_millis()), note: times(|c| c.note_after.as_millis()) };
        (soonest.notice.is_some() || soonest.note.is_some()).then_some(soonest)
    }
}

/// A tenant that serves, and what it wants to be told.
struct Policy(Arc<View>);

// === impl Policy ===

impl Policy {
    fn config(&self) -> &FailureConfig {
        &self.0.chain.config.failure
    }
}

fn policy(shared: &Shared, tenant: &TenantId) -> Option<Policy> {
    shared.view(tenant).map(Policy)
}

/// Commits it and hands on what follows; answers whether it was new.
async fn tell(shared: &Shared, telling: Telling) -> Result<bool, StorageError> {
    let (at, actions, deliveries) = (telling.at, telling.actions.clone(), telling.deliveries.clone());
    match shared.store.tell(telling).await {
        Ok(Guarded::Applied) => {}
        Ok(Guarded::Stale) => return Ok(false),
        Err(StorageError::Refused(error)) => {
            // It would be refused for ever, and nobody else is to wait for that.
            warn!(%error, "a failure is not told: the database refuses it");
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    for action in actions {
        shared.push_action(action, at);
    }
    for delivery in deliveries {
        shared.push_delivery(delivery, None, at);
    }
    Ok(true)
}
