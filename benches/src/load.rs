//! One run: traffic over a cast, delivered by one or several senders at a pace, and all that the sender knows of it.

mod lane;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    cast::Cast,
    homeserver::{ClientApi, Sender, Target},
    journal::SentEvent,
    measure::Latency,
    pace::Pace,
};

/// What to run.
#[derive(Clone)]
pub struct Plan {
    /// The application service.
    pub target: Target,
    /// Whose events.
    pub cast: Cast,
    /// The same seed gives the same events.
    pub seed: u64,
    /// Transactions in flight. Synapse has one; several have disjoint rooms, so that order keeps its meaning.
    pub senders: usize,
    /// The most events in a transaction; closed, each has exactly so many.
    pub batch: usize,
    /// When events come.
    pub pace: Pace,
    /// Ends after so many events, over all senders; nothing: with `stop` alone.
    pub events: Option<u64>,
    /// Ends the run; a transaction that was not accepted by then counts as not answered.
    pub stop: CancellationToken,
    /// What happens to homeservers.
    pub mishaps: Mishaps,
    /// What the application service sends comes back from here.
    pub client_api: Option<ClientApi>,
}

/// What happens to homeservers.
#[derive(Debug, Clone, Copy)]
pub struct Mishaps {
    /// Synapse's waits of 2, 4, 8 … seconds are multiplied by this.
    pub retry_scale: f64,
    /// After so many transactions the IDs begin again at 1. 0: never.
    pub restart_every: u64,
    /// After so many transactions an earlier one comes again under its old ID. 0: never.
    pub repeat_every: u64,
    /// People take back what waits to be delivered again.
    pub redact_waiting: bool,
}

/// What the sender knows in the end.
#[derive(Debug, Default)]
pub struct Load {
    /// Every event, whether or not it was answered.
    pub sent: Vec<SentEvent>,
    /// Transactions accepted.
    pub transactions: usize,
    /// Attempts beyond the first ones.
    pub retries: u64,
    /// From request to answer, for each accepted transaction.
    pub answers: Latency,
    /// From the moment that an event was due to its answer.
    pub waits: Latency,
    /// From the first request to the last answer.
    pub took: Duration,
}

// === impl Mishaps ===

impl Default for Mishaps {
    fn default() -> Self {
        Self { retry_scale: 0.01, restart_every: 0, repeat_every: 0, redact_waiting: false }
    }
}

// === impl Load ===

impl Load {
    /// Events that were answered.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.sent.iter().filter(|event| event.answered_at.is_some()).count()
    }

    fn add(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.transactions += other.transactions;
        self.retries += other.retries;
        self.answers.extend(other.answers);
        self.waits.extend(other.waits);
        self.took = self.took.max(other.took);
    }
}

/// Runs it. Everything that can be prepared is prepared before the clock starts.
///
/// # Errors
/// When the generator itself fails; never for what the target does.
pub async fn run(plan: &Plan) -> anyhow::Result<Load> {
    let ids = Arc::new(AtomicU64::new(0));
    let senders = plan.senders.max(1);
    let mut lanes = Vec::new();
    for (part, cast) in (0_u64..).zip(plan.cast.split(senders)) {
        let sender =
            Sender::new(plan.target.clone(), Arc::clone(&ids), plan.mishaps.retry_scale, plan.stop.clone());
        lanes.push(lane::Lane::prepare(plan, part, &cast, sender)?);
    }
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for lane in lanes {
        running.spawn(lane.run(begun));
    }
    let mut load = Load::default();
    while let Some(done) = running.join_next().await {
        load.add(done.context("a sender panicked")?);
    }
    Ok(load)
}
