//! The writer: one thread that owns the one connection that writes. It takes what waits, writes it in one transaction,
//! and answers; so the cost of reaching the disk is shared by whoever is there. A member that cannot be written does not
//! take its group with it.
//!
//! Writing is a thread's whole life here, and a row costs a microsecond or two: a library that hands each statement to
//! another thread and back would spend more on the way than on the work.

mod apply;
mod group;
mod member;
mod statement;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use self::{
    apply::{Commit, Committed},
    group::Gatherer,
    member::Member,
};
pub(crate) use self::{
    member::{Reply, Write},
    statement::Statement,
};
use crate::{arrivals::Arrivals, checkpoint::Checkpointer, error::StorageError, lock::DirectoryLock};

/// Members that may wait; whoever comes later waits for a place.
const QUEUE: usize = 8192;

/// Where members are sent.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Member>,
    closing: Arc<Notify>,
    /// Ends when the thread does; taken by whoever closes.
    ended: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
}

/// What the thread owns.
#[derive(Debug)]
pub(crate) struct Writing {
    /// The connection that writes.
    pub(crate) connection: Connection,
    /// The highest number ever given to an event.
    pub(crate) seq: i64,
    /// Where accepted events are handed over.
    pub(crate) arrivals: Arc<Arrivals>,
    /// What copies the log into the database.
    pub(crate) checkpointer: Checkpointer,
    /// Let go of when all is written.
    pub(crate) lock: DirectoryLock,
}

#[derive(Debug)]
struct Task {
    connection: Connection,
    seq: i64,
    arrivals: Arc<Arrivals>,
    checkpointer: Checkpointer,
    changes: watch::Sender<i64>,
}

// === impl Writer ===

impl Writer {
    /// Starts the thread, which ends once the writer is closed or gone, and what waited is written.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(crate) fn start(writing: Writing) -> Result<(Self, watch::Receiver<i64>), StorageError> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (changes, seen) = watch::channel(writing.seq);
        let (running, ended) = oneshot::channel();
        let closing = Arc::new(Notify::new());
        let theirs = Arc::clone(&closing);
        // It waits for members and, for a moment, for more of them: the runtime is there for that alone.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(StorageError::no_thread)?;
        let thread = std::thread::Builder::new().name("storage-writer".to_owned());
        let Writing { connection, seq, arrivals, checkpointer, lock } = writing;
        let task = Task { connection, seq, arrivals, checkpointer, changes };
        let run = move || {
            runtime.block_on(task.run(queue, &theirs));
            drop(lock);
            drop(running);
        };
        thread.spawn(run).map_err(StorageError::no_thread)?;
        Ok((Self { queue: sender, closing, ended: Arc::new(Mutex::new(Some(ended))) }, seen))
    }

    /// Lets the thread write what waits, and waits for its end.
    pub(crate) async fn close(&self) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.closing.notify_one();
        if let Some(ended) = ended {
            // Nothing is ever sent: it ends when the other end is gone, however that came about.
            let _ = ended.await;
        }
    }

    /// Writes it, together with whatever else waits. When this answers, it is on disk, as the store's options say.
    pub(crate) async fn write(&self, write: Write) -> Result<Reply, StorageError> {
        Ok(self.write_all(vec![write], true).await?.first().copied().unwrap_or_default())
    }

    /// Writes all of these or none; those that are not urgent may wait for a moment to share a commit. Answers one reply
    /// for each, in order.
    pub(crate) async fn write_all(
        &self,
        writes: Vec<Write>,
        urgent: bool,
    ) -> Result<Vec<Reply>, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Member { writes, urgent, reply }).await.map_err(|_| StorageError::Closed)?;
        answer.await.unwrap_or(Err(StorageError::Closed))
    }
}

// === impl Task ===

impl Task {
    async fn run(mut self, queue: mpsc::Receiver<Member>, closing: &Notify) {
        let mut gatherer = Gatherer::new(queue);
        while let Some(group) = gatherer.next(closing).await {
            self.write(group.members);
            self.checkpointer.committed(group.bytes, &self.connection);
        }
        self.checkpointer.close();
        // Closing can fail only in that the file is as a crash would leave it, which is no harm.
        let _ = self.connection.close();
    }

    fn write(&mut self, members: Vec<Member>) {
        metrics::histogram!("patchbay_storage_group_members").record(members.len() as f64);
        match self.attempt(&members) {
            Ok(replies) => {
                for (Member { writes, reply, .. }, written) in members.into_iter().zip(replies) {
                    // Whoever asked may then have what was written to themselves.
                    drop(writes);
                    // They may also have gone; it is written all the same.
                    let _ = reply.send(Ok(written));
                }
            }
            Err(StorageError::Refused(error)) if members.len() > 1 => {
                tracing::warn!(%error, members = members.len(), "a group was refused; its members go one by one");
                for member in members {
                    let answer = self.attempt(std::slice::from_ref(&member));
                    let _ = member.reply.send(answer.map(|replies| replies.into_iter().flatten().collect()));
                }
            }
            Err(error) => {
                tracing::error!(%error, members = members.len(), "nothing could be written");
                metrics::counter!("patchbay_storage_failed_groups_total").increment(1);
                for member in members {
                    let _ = member.reply.send(Err(error.clone()));
                }
            }
        }
        self.changes.send_if_modified(|seen| std::mem::replace(seen, self.seq) != self.seq);
    }

    /// One transaction; on an error nothing of it was written.
    fn attempt(&mut self, members: &[Member]) -> Result<Vec<Vec<Reply>>, StorageError> {
        let mut commit = Commit::begin(&self.connection, self.seq)?;
        let mut replies = Vec::with_capacity(members.len());
        for member in members {
            let written: Result<Vec<Reply>, _> =
                member.writes.iter().map(|write| commit.add(write)).collect();
            replies.push(written?);
        }
        let Committed { seq, accepted } = commit.finish()?;
        self.seq = seq;
        if !accepted.is_empty() {
            self.arrivals.add(accepted, seq);
        }
        Ok(replies)
    }
}
