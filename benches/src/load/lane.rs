//! One sender's part of a run: it takes what is due, delivers it, and writes down what became of it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use patchbay_types::{Clock, Millis, SystemClock};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Load, Plan};
use crate::{
    cast::Cast,
    homeserver::{ClientApi, Delivery, Sender},
    journal::SentEvent,
    pace::{self, Pace},
    traffic::{Event, Source, Transaction},
};

/// Every so many transactions somebody is typing.
const EPHEMERAL_EVERY: usize = 10;

/// Synapse puts at most so many events into a transaction.
const LARGEST: usize = 100;

/// One sender and what it has to do.
pub(super) struct Lane {
    plan: Plan,
    source: Source,
    sender: Sender,
    feed: Feed,
    /// Redactions and echoes that have to follow.
    waiting: VecDeque<Event>,
    /// What was accepted last, to be repeated.
    last: Option<(u64, Transaction)>,
    load: Load,
}

/// Where the next transaction comes from.
enum Feed {
    /// Built before the clock started.
    Ready(VecDeque<Transaction>),
    /// Built when it is its turn, for a run without a fixed end.
    Endless,
    /// Built of the events that are due.
    Due(UnboundedReceiver<Instant>),
}

// === impl Lane ===

impl Lane {
    pub(super) fn prepare(plan: &Plan, part: u64, cast: &Cast, sender: Sender) -> anyhow::Result<Self> {
        let senders = plan.senders.max(1) as u64;
        let events = plan.events.map(|events| events / senders);
        let seed = plan.seed.wrapping_mul(1000) + part;
        let mut source = Source::new(seed, cast);
        let feed = match (plan.pace, events) {
            (Pace::Rate(rate), _) => {
                Feed::Due(pace::arrivals(rate / senders as f64, seed, events, plan.stop.clone())?)
            }
            (Pace::Closed, None) => Feed::Endless,
            (Pace::Closed, Some(events)) => Feed::Ready(prebuilt(&mut source, events, plan.batch)),
        };
        let waiting = VecDeque::new();
        Ok(Self { plan: plan.clone(), source, sender, feed, waiting, last: None, load: Load::default() })
    }

    pub(super) async fn run(mut self, begun: Instant) -> Load {
        while let Some((mut transaction, due)) = self.next().await {
            let begun_sending = Instant::now();
            let source = self.plan.mishaps.redact_waiting.then_some(&mut self.source);
            let delivery = self.sender.deliver(&mut transaction, source).await;
            self.note(&transaction, delivery.as_ref(), &due, begun_sending);
            let Some(delivery) = delivery else { break };
            self.load.took = begun.elapsed();
            self.waiting.extend(delivery.redactions);
            self.mishap(transaction, delivery.txn).await;
            self.take_echoes();
        }
        self.load
    }

    /// The next transaction and when its events were due; nothing when the run is over.
    async fn next(&mut self) -> Option<(Transaction, Vec<Instant>)> {
        if self.plan.stop.is_cancelled() {
            return None;
        }
        let now = SystemClock.now();
        let typing = self.load.transactions.is_multiple_of(EPHEMERAL_EVERY);
        let batch = self.plan.batch.max(1);
        match &mut self.feed {
            Feed::Ready(ready) => {
                let mut rest = || (!self.waiting.is_empty()).then(|| self.waiting.drain(..).collect());
                let last = |events| Transaction::new(events, typing, now);
                Some((ready.pop_front().or_else(|| rest().map(last))?, Vec::new()))
            }
            Feed::Endless => {
                let waiting = self.waiting.len().min(batch);
                let mut events: Vec<Event> = self.waiting.drain(..waiting).collect();
                while events.len() < batch {
                    events.push(self.source.next(now)?);
                }
                Some((Transaction::new(events, typing, now), Vec::new()))
            }
            Feed::Due(told) => {
                let first = told.recv().await?;
                let mut due = vec![first];
                while due.len() < batch
                    && let Ok(more) = told.try_recv()
                {
                    due.push(more);
                }
                let waiting = self.waiting.len().min(LARGEST.saturating_sub(due.len()));
                let mut events: Vec<Event> = self.waiting.drain(..waiting).collect();
                for at in &due {
                    events.push(self.source.next(wall(now, *at))?);
                }
                Some((Transaction::new(events, typing, now), due))
            }
        }
    }

    /// Writes down what became of a transaction.
    fn note(
        &mut self,
        transaction: &Transaction,
        delivery: Option<&Delivery>,
        due: &[Instant],
        begun: Instant,
    ) {
        let now = Instant::now();
        if let Some(delivery) = delivery {
            self.load.transactions += 1;
            self.load.retries += u64::from(delivery.attempts - 1);
            self.load.answers.add(delivery.took);
            for at in due {
                self.load.waits.add(now.saturating_duration_since(*at));
            }
            if due.is_empty() {
                self.load.waits.add(now.saturating_duration_since(begun));
            }
        }
        // Built before the clock started: they became ready when they were sent.
        let ready = delivery.map(|delivery| delivery.at.saturating_sub(millis(begun.elapsed())));
        let prebuilt = matches!(self.feed, Feed::Ready(_));
        self.load.sent.extend(transaction.events.iter().map(|event| SentEvent {
            event_id: event.id.to_string(),
            room: event.room.id.to_string(),
            tenant: event.room.tenant.to_string(),
            n: event.n,
            kind: event.kind,
            due: event.due,
            txn: delivery.map(|delivery| delivery.txn).unwrap_or_default(),
            sent_at: ready.filter(|_| prebuilt).unwrap_or(event.at),
            answered_at: delivery.map(|delivery| delivery.at),
        }));
    }

    /// What homeservers do now and then: begin their IDs anew, bring an old transaction again.
    async fn mishap(&mut self, transaction: Transaction, txn: u64) {
        let done = self.load.transactions as u64;
        let now = |every: u64| every > 0 && done.is_multiple_of(every);
        if now(self.plan.mishaps.repeat_every)
            && let Some((old, mut again)) = self.last.take()
        {
            self.sender.deliver_as(old, &mut again, None).await;
        }
        if now(self.plan.mishaps.restart_every) {
            self.sender.restart();
            self.plan.client_api.iter().for_each(ClientApi::restart);
        }
        if self.plan.mishaps.repeat_every > 0 {
            self.last = Some((txn, transaction));
        }
    }

    fn take_echoes(&mut self) {
        let Some(client_api) = &self.plan.client_api else { return };
        while let Some(echo) = client_api.next_echo() {
            let now = SystemClock.now();
            self.waiting.extend(self.source.echo(
                &echo.event_id,
                &echo.room,
                &echo.sender,
                &echo.content,
                now,
            ));
        }
    }
}

fn prebuilt(source: &mut Source, events: u64, batch: usize) -> VecDeque<Transaction> {
    let now = SystemClock.now();
    let all: Vec<Event> = (0..events).map_while(|_| source.next(now)).collect();
    let transactions = all.chunks(batch.max(1)).enumerate();
    transactions.map(|(n, events)| Transaction::new(events.to_vec(), n % EPHEMERAL_EVERY == 0, now)).collect()
}

/// The wall-clock time of a moment, given that of this one.
fn wall(now: Millis, at: Instant) -> Millis {
    now.saturating_sub(millis(at.elapsed()))
}

fn millis(time: Duration) -> Millis {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
