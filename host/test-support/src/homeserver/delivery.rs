//! Pushing to the application service, as Synapse does it: one transaction at a time, the same ID until it is
//! accepted, what comes meanwhile in memory; after a failure everything on disk, and longer and longer waits.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Shared, event::To};

/// The most events of a transaction.
const MOST: usize = 100;
/// No wait is longer, in seconds.
const LONGEST: u32 = 512;

/// An attempt to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The transaction's ID.
    pub id: u64,
    /// IDs of its events.
    pub events: Vec<String>,
    /// How many ephemeral events it has.
    pub ephemeral: usize,
    /// What was answered: 0 where nothing was.
    pub status: u16,
    /// Whether that counts as accepted.
    pub accepted: bool,
}

#[derive(Debug, Clone)]
struct Transaction {
    id: u64,
    events: Vec<(String, String)>,
    /// Lost with the first failure.
    ephemeral: Vec<Value>,
}

#[derive(Default)]
pub(crate) struct Delivery {
    /// In memory.
    queue: Vec<(String, String)>,
    ephemeral: Vec<Value>,
    /// On disk, until it is accepted.
    stored: VecDeque<Transaction>,
    last: u64,
    /// The service counts as down: all that comes is put on disk.
    down: bool,
    /// Somebody tries what is on disk again. Not after a restart, before something new comes.
    recovering: bool,
    failures: u32,
    in_flight: bool,
    pub(crate) halted: bool,
    pub(crate) pushed: Vec<Pushed>,
}

enum Next {
    Nothing,
    /// The transaction, and how long to wait before.
    Push(Transaction, Option<u32>),
}

// === impl Delivery ===

impl Delivery {
    pub(crate) fn event(&mut self, room: &str, id: &str) {
        self.queue.push((room.to_owned(), id.to_owned()));
        if self.down && self.recovering {
            self.make();
        }
    }

    pub(crate) fn ephemeral(&mut self, event: Value) {
        if !self.down {
            self.ephemeral.push(event);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
            + self.stored.iter().map(|transaction| transaction.events.len().max(1)).sum::<usize>()
    }

    /// What waited in memory is lost; IDs go on behind the highest on disk.
    pub(crate) fn restart(&mut self, in_order: bool) {
        self.queue.clear();
        self.ephemeral.clear();
        self.last = self.stored.iter().map(|transaction| transaction.id).max().unwrap_or(0);
        // Told to end, Synapse gives up what is in flight, which counts as a failure; killed, it writes nothing down.
        self.down |= in_order && self.in_flight;
        self.recovering = false;
        self.in_flight = false;
        self.failures = 0;
    }

    fn make(&mut self) -> Option<Transaction> {
        if self.queue.is_empty() && self.ephemeral.is_empty() {
            return None;
        }
        self.last += 1;
        let events = self.queue.drain(..self.queue.len().min(MOST)).collect();
        let ephemeral = self.ephemeral.drain(..self.ephemeral.len().min(MOST)).collect();
        let made = Transaction { id: self.last, events, ephemeral };
        self.stored.push_back(made.clone());
        Some(made)
    }

    fn next(&mut self) -> Next {
        if self.halted {
            return Next::Nothing;
        }
        if self.down {
            // Found down after a restart: nothing happens before something new comes, and then only after a wait.
            if !self.queue.is_empty() && !self.recovering {
                (self.recovering, self.failures) = (true, 1);
            }
            self.ephemeral.clear();
            // One event each, mostly: they are on disk as they come.
            while self.make().is_some() {}
            for stored in &mut self.stored {
                stored.ephemeral.clear();
            }
            let Some(oldest) = self.stored.front().filter(|_| self.recovering) else { return Next::Nothing };
            let wait = (self.failures > 0).then(|| 2_u32.saturating_pow(self.failures).min(LONGEST));
            self.in_flight = true;
            return Next::Push(oldest.clone(), wait);
        }
        match self.make() {
            Some(made) => {
                self.in_flight = true;
                Next::Push(made, None)
            }
            None => Next::Nothing,
        }
    }

    fn ended(&mut self, pushed: Pushed) {
        self.in_flight = false;
        if pushed.accepted {
            self.stored.retain(|transaction| transaction.id != pushed.id);
            self.failures = 0;
            if self.down && self.stored.is_empty() {
                (self.down, self.recovering) = (false, false);
            }
        } else {
            (self.down, self.recovering) = (true, true);
            self.failures += 1;
        }
        self.pushed.push(pushed);
    }
}

/// Pushes, for as long as it lives.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        let died = shared.died.notified();
        tokio::pin!(died);
        died.as_mut().enable();
        let (next, url) = {
            let mut world = shared.world();
            let url = world.push_to.clone();
            (if url.is_some() { world.delivery.next() } else { Next::Nothing }, url.unwrap_or_default())
        };
        let work = async {
            let Next::Push(transaction, wait) = next else { return shared.wake.notified().await };
            if let Some(seconds) = wait {
                tokio::select! {
                    () = tokio::time::sleep(shared.options.second * seconds) => {}
                    () = shared.pinged.notified() => {}
                }
            }
            let pushed = push(&shared, &url, &transaction).await;
            shared.world().delivery.ended(pushed);
        };
        tokio::select! {
            () = work => {}
            () = &mut died => {}
        }
    }
}

/// Pushes the transaction of an earlier attempt once more; answers the status.
pub(crate) async fn again(shared: &Arc<Shared>, number: usize) -> Option<u16> {
    let (transaction, url) = {
        let world = shared.world();
        let old = world.delivery.pushed.get(number)?;
        let room_of = |id: &String| {
            let room = world.rooms.values().find(|room| room.event(id).is_some())?;
            Some((room.id.clone(), id.clone()))
        };
        let events = old.events.iter().filter_map(room_of).collect();
        (Transaction { id: old.id, events, ephemeral: Vec::new() }, world.push_to.clone()?)
    };
    let pushed = push(shared, &url, &transaction).await;
    let status = pushed.status;
    shared.world().delivery.pushed.push(pushed);
    Some(status)
}

async fn push(shared: &Shared, url: &str, transaction: &Transaction) -> Pushed {
    // Made anew for each attempt: what was redacted meanwhile is empty by now.
    let events: Vec<Value> = {
        let world = shared.world();
        let shown = |(room, id): &(String, String)| {
            let event = world.room(room)?.event(id)?;
            Some(world.shown(room, event, None, To::Push))
        };
        transaction.events.iter().filter_map(shown).collect()
    };
    let mut body = json!({ "de.sorunome.msc2409.to_device": [], "events": events });
    if shared.options.ephemeral {
        body["ephemeral"] = transaction.ephemeral.clone().into();
    }
    let request = shared
        .http
        .put(format!("{url}/_matrix/app/v1/transactions/{}", transaction.id))
        .bearer_auth(&shared.options.hs_token)
        .header("User-Agent", "Synapse/1.163.2")
        .header("Content-Type", "application/json")
        .body(body.to_string());
    // To the headers of the answer, as Synapse waits.
    let answer =
        tokio::time::timeout(shared.options.second * 60 + Duration::from_millis(1), request.send()).await;
    let (status, accepted) = match answer {
        Ok(Ok(answer)) => {
            let status = answer.status();
            let body = answer.bytes().await.unwrap_or_default();
            (status.as_u16(), status.is_success() && serde_json::from_slice::<Value>(&body).is_ok())
        }
        _ => (0, false),
    };
    let events = transaction.events.iter().map(|(_, id)| id.clone()).collect();
    Pushed { id: transaction.id, events, ephemeral: transaction.ephemeral.len(), status, accepted }
}
