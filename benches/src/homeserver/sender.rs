//! Delivers transactions as Synapse does: one at a time, the same ID until it was accepted, with waits that double.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use patchbay_types::{Clock, Millis, SystemClock};
use tokio_util::sync::CancellationToken;

use super::link::{Link, Target};
use crate::traffic::{Event, Source, Transaction};

/// Synapse waits 2 s after the first failure, then twice as long each time, up to this.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(512);

/// Delivers for one registration.
pub struct Sender {
    link: Link,
    ids: Arc<AtomicU64>,
    /// Waits are multiplied by this, so that a test need not wait for minutes.
    scale: f64,
    stop: CancellationToken,
}

/// How a transaction was accepted.
#[derive(Debug)]
pub struct Delivery {
    /// The ID under which it went.
    pub txn: u64,
    /// How often it was sent.
    pub attempts: u32,
    /// From the request that was accepted to its answer.
    pub took: Duration,
    /// When it was accepted.
    pub at: Millis,
    /// Redactions made while it waited: they have to follow.
    pub redactions: Vec<Event>,
}

// === impl Sender ===

impl Sender {
    /// Several senders of one homeserver share `ids`. A cancelled `stop` ends an endless retry.
    #[must_use]
    pub fn new(target: Target, ids: Arc<AtomicU64>, scale: f64, stop: CancellationToken) -> Self {
        Self { link: Link::new(target), ids, scale, stop }
    }

    /// As after a restart of a homeserver on SQLite with an empty queue: IDs begin again at 1.
    pub fn restart(&self) {
        self.ids.store(0, Ordering::Relaxed);
    }

    /// Sends until it is accepted. While it waits, people go on: with a `source` they may take back what waits.
    /// Nothing if it was stopped before.
    pub async fn deliver(
        &mut self,
        transaction: &mut Transaction,
        source: Option<&mut Source>,
    ) -> Option<Delivery> {
        let txn = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        self.deliver_as(txn, transaction, source).await
    }

    /// Like [`Self::deliver`], under an ID that was used before, as after a crash of the homeserver.
    pub async fn deliver_as(
        &mut self,
        txn: u64,
        transaction: &mut Transaction,
        mut source: Option<&mut Source>,
    ) -> Option<Delivery> {
        let (id, mut body, mut wait) = (txn.to_string(), transaction.first(), FIRST_WAIT);
        let (mut attempts, mut redactions) = (0, Vec::new());
        loop {
            attempts += 1;
            let begun = Instant::now();
            let answer = self.link.put(&id, body).await;
            if answer.is_ok_and(|answer| answer.is_accepted()) {
                let (took, at) = (begun.elapsed(), SystemClock.now());
                return Some(Delivery { txn, attempts, took, at, redactions });
            }
            let pause = wait.min(LONGEST_WAIT).mul_f64(self.scale);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return None,
            }
            wait *= 2;
            let now = SystemClock.now();
            if let Some(source) = source.as_deref_mut().filter(|_| attempts % 3 == 1) {
                redactions.extend(transaction.redact_one(source, now));
            }
            body = transaction.again(now);
        }
    }
}
