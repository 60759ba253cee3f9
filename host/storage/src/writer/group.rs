//! Groups: who shares a commit. A homeserver is answered as soon as its transaction is on disk. What the pipeline writes
//! of its own accord nobody waits for, and each commit writes every page that it touches anew: while a homeserver keeps
//! sending, those writes gather for a few milliseconds, and then ride along.

use std::time::Duration;

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, timeout_at},
};

use crate::writer::member::Member;

/// A group ends when it has so many rows,
const ROWS: usize = 2000;
/// or so many bytes: more would make each of its members wait longer than sharing saves.
const BYTES: usize = 8 << 20;
/// What is not urgent gathers for so long,
const LINGER: Duration = Duration::from_millis(4);
/// while something urgent came within this time.
const BUSY: Duration = Duration::from_millis(10);

/// Members that are written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) members: Vec<Member>,
    pub(crate) bytes: usize,
    rows: usize,
}

/// Takes members out of the queue, and makes groups of them.
#[derive(Debug)]
pub(crate) struct Gatherer {
    queue: mpsc::Receiver<Member>,
    urgent: Group,
    patient: Group,
    /// When the patient ones have waited long enough.
    due: Instant,
    /// When something urgent came last.
    busy: Option<Instant>,
}

// === impl Group ===

impl Group {
    fn push(&mut self, member: Member) {
        let (rows, bytes) = member.weight();
        self.rows += rows;
        self.bytes += bytes;
        self.members.push(member);
    }

    fn append(&mut self, mut other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.members.append(&mut other.members);
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }
}

// === impl Gatherer ===

impl Gatherer {
    pub(crate) fn new(queue: mpsc::Receiver<Member>) -> Self {
        let (urgent, patient) = (Group::default(), Group::default());
        Self { queue, urgent, patient, due: Instant::now(), busy: None }
    }

    /// The next group; nothing once the queue is closed and empty. `closing` closes it.
    pub(crate) async fn next(&mut self, closing: &Notify) -> Option<Group> {
        loop {
            while !self.urgent.is_full()
                && !self.patient.is_full()
                && let Ok(member) = self.queue.try_recv()
            {
                self.take(member);
            }
            let is_due = self.patient.is_full() || self.due <= Instant::now() || !self.is_busy();
            if !self.urgent.is_empty() {
                let mut group = std::mem::take(&mut self.urgent);
                if is_due {
                    group.append(std::mem::take(&mut self.patient));
                }
                return Some(group);
            }
            if !self.patient.is_empty() && (is_due || self.queue.is_closed()) {
                return Some(std::mem::take(&mut self.patient));
            }
            let next = async {
                if self.patient.is_empty() {
                    self.queue.recv().await.map_or(Next::Closed, Next::Member)
                } else {
                    match timeout_at(self.due, self.queue.recv()).await {
                        Ok(Some(member)) => Next::Member(member),
                        // Closed or due: what is here goes.
                        _ => Next::Due,
                    }
                }
            };
            tokio::select! {
                biased;
                () = closing.notified() => self.queue.close(),
                next = next => match next {
                    Next::Member(member) => self.take(member),
                    Next::Due => self.due = Instant::now(),
                    Next::Closed => return None,
                },
            }
        }
    }

    fn take(&mut self, member: Member) {
        let now = Instant::now();
        if member.urgent {
            self.busy = Some(now);
            self.urgent.push(member);
        } else {
            if self.patient.is_empty() {
                self.due = now + LINGER;
            }
            self.patient.push(member);
        }
    }

    fn is_busy(&self) -> bool {
        self.busy.is_some_and(|busy| busy.elapsed() < BUSY)
    }
}

enum Next {
    Member(Member),
    Due,
    Closed,
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
