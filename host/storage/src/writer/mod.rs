//! The writer: one task that owns the one connection that writes. It takes all that waits, writes it in one
//! transaction, and answers; so the cost of reaching the disk is shared by whoever is there, and nobody waits for others
//! to come. A member that cannot be written does not take its group with it.

mod apply;
mod batch;
mod guard;
mod member;
mod rows;
mod statement;
mod targets;

use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use self::{apply::Plan, guard::Guard, member::Member};
pub(crate) use self::{
    member::{Reply, Write},
    statement::Statement,
};
use crate::{checkpoint::Checkpointer, error::StorageError};

/// Members that may wait; whoever comes later waits for a place.
const QUEUE: usize = 8192;
/// A group ends when it has so many rows,
const ROWS: usize = 2000;
/// or so many bytes: more would make each of its members wait longer than sharing saves.
const BYTES: usize = 8 << 20;

/// Where members are sent.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Member>,
    closing: Arc<Notify>,
}

/// The task that writes.
#[derive(Debug)]
pub(crate) struct WriterTask {
    connection: SqliteConnection,
    queue: mpsc::Receiver<Member>,
    changes: watch::Sender<i64>,
    seq: i64,
    checkpointer: Checkpointer,
    closing: Arc<Notify>,
}

// === impl Writer ===

impl Writer {
    /// A writer, and its task, which ends once all writers are gone. `seq` is the highest number ever given to an event.
    pub(crate) fn new(
        connection: SqliteConnection,
        seq: i64,
        checkpointer: Checkpointer,
    ) -> (Self, WriterTask, watch::Receiver<i64>) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (changes, seen) = watch::channel(seq);
        let closing = Arc::new(Notify::new());
        let task =
            WriterTask { connection, queue, changes, seq, checkpointer, closing: Arc::clone(&closing) };
        (Self { queue: sender, closing }, task, seen)
    }

    /// Lets the task write what waits, and end.
    pub(crate) fn close(&self) {
        self.closing.notify_one();
    }

    /// Writes it, together with whatever else waits. When this answers, it is on disk, as the store's options say.
    pub(crate) async fn write(&self, write: Write) -> Result<Reply, StorageError> {
        self.send(write).await?.await.unwrap_or(Err(StorageError::Closed))
    }

    /// Takes a place in the queue; the answer comes later.
    pub(crate) async fn send(
        &self,
        write: Write,
    ) -> Result<oneshot::Receiver<Result<Reply, StorageError>>, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Member { write, reply }).await.map_err(|_| StorageError::Closed)?;
        Ok(answer)
    }
}

// === impl WriterTask ===

impl WriterTask {
    /// Runs until the writer is closed or gone, and what waited is written.
    pub(crate) async fn run(mut self) {
        loop {
            let first = tokio::select! {
                biased;
                () = self.closing.notified() => {
                    self.queue.close();
                    continue;
                }
                first = self.queue.recv() => first,
            };
            let Some(first) = first else { break };
            let members = self.group(first);
            let bytes = members.iter().map(|member| member.write.weight().1).sum();
            self.write(members).await;
            self.checkpointer.committed(bytes, &mut self.connection).await;
        }
        self.checkpointer.close().await;
        // Closing can fail only in that the file is as a crash would leave it, which is no harm.
        let _ = self.connection.close().await;
    }

    /// All that waits, as far as one transaction should hold it.
    fn group(&mut self, first: Member) -> Vec<Member> {
        let (mut rows, mut bytes) = first.write.weight();
        let mut members = vec![first];
        while rows < ROWS && bytes < BYTES {
            let Ok(member) = self.queue.try_recv() else { break };
            let weight = member.write.weight();
            rows += weight.0;
            bytes += weight.1;
            members.push(member);
        }
        members
    }

    async fn write(&mut self, members: Vec<Member>) {
        metrics::histogram!("patchbay_storage_group_members").record(members.len() as f64);
        match self.attempt(&members).await {
            Ok(replies) => {
                for (member, reply) in members.into_iter().zip(replies) {
                    // Whoever asked may have gone; it is written all the same.
                    let _ = member.reply.send(Ok(reply));
                }
            }
            Err(StorageError::Refused(error)) if members.len() > 1 => {
                tracing::warn!(%error, members = members.len(), "a group was refused; its members go one by one");
                for member in members {
                    let answer = self.attempt(std::slice::from_ref(&member)).await;
                    let answer = answer.map(|replies| replies.first().copied().unwrap_or_default());
                    let _ = member.reply.send(answer);
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
    async fn attempt(&mut self, members: &[Member]) -> Result<Vec<Reply>, StorageError> {
        let guard = Guard::ask(&mut self.connection, members).await?;
        let mut plan = Plan::new(guard, self.seq);
        let replies = members.iter().map(|member| plan.add(&member.write)).collect();
        let (batch, seq) = plan.finish();
        if !batch.is_empty() {
            batch.commit(&mut self.connection).await?;
        }
        self.seq = seq;
        Ok(replies)
    }
}
