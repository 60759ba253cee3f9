//! The journal of what adapters do outside: each step with an effect is written down before it is sent, and again with
//! what was answered, so that no later attempt does a finished one again, whatever crashed in between.

use patchbay_types::Millis;

use crate::{
    error::StorageError,
    read::{Columns, unknown},
    store::Store,
    trace::Subject,
    writer::Statement,
};

/// A step that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// The delivery or webhook that it belongs to.
    pub subject: Subject,
    /// The adapter's name for it, unique in the subject.
    pub step: String,
    /// Which attempt sends it; the first is 1.
    pub attempt: u32,
    /// A digest of the request.
    pub request: Vec<u8>,
    /// Where the delivery goes, in the caller's own form; none: that is not decided here.
    pub place: Option<String>,
    /// When.
    pub at: Millis,
}

/// A step as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalStep {
    /// The adapter's name for it.
    pub step: String,
    /// What is known of it.
    pub state: StepState,
    /// The attempt that sent it last.
    pub attempt: u32,
    /// A digest of the request.
    pub request: Vec<u8>,
    /// What was answered, in the caller's own form, where it is finished.
    pub answer: Option<Vec<u8>>,
    /// Where the delivery goes, as it was decided when the step was first sent.
    pub place: Option<String>,
}

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepState {
    /// It may have been sent; nothing came back that was written down.
    Sent = 0,
    /// It was answered 2xx: it is never sent again.
    Finished = 1,
    /// It had no effect: it never left, or was answered with a refusal.
    Undone = 2,
    /// It was answered 2xx, but the adapter says that this settled nothing.
    Forgotten = 3,
}

// === impl Store ===

impl Store {
    /// Writes down that a step is about to be sent. Once this has answered, it may be.
    ///
    /// # Errors
    /// When it could not be written; then it must not be sent.
    pub async fn step_begins(&self, step: NewStep) -> Result<(), StorageError> {
        const BEGIN: &str = "INSERT INTO journal (subject, ref, step, state, attempt, request, place, at) \
                             VALUES (?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = 0, \
                             attempt = excluded.attempt, request = excluded.request, at = excluded.at, answer = NULL";
        let (kind, id) = step.subject.columns();
        let attempt = i64::from(step.attempt).into();
        let (request, place, at) = (step.request.into(), step.place.into(), step.at.into());
        let values = [kind.into(), id.into(), step.step.into(), attempt, request, place, at];
        self.statements(vec![Statement::new(BEGIN, values)]).await
    }

    /// Writes down what became of a step that was begun.
    ///
    /// # Errors
    /// When it could not be written; then nobody knows what became of it.
    pub async fn step_ended(
        &self,
        subject: Subject,
        step: &str,
        state: StepState,
        answer: Option<Vec<u8>>,
    ) -> Result<(), StorageError> {
        const END: &str =
            "UPDATE journal SET state = ?, answer = ? WHERE subject = ? AND ref = ? AND step = ?";
        let (kind, id) = subject.columns();
        let values = [(state as i64).into(), answer.into(), kind.into(), id.into(), step.into()];
        self.statements(vec![Statement::new(END, values)]).await
    }

    /// Waits until all that was asked to be written so far is: what the caller of a write that was given up asked for, too.
    ///
    /// # Errors
    /// When nothing can be written.
    pub async fn caught_up(&self) -> Result<(), StorageError> {
        self.statements(Vec::new()).await
    }

    /// Everything that is known of a subject's steps, by their names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal(&self, subject: Subject) -> Result<Vec<JournalStep>, StorageError> {
        const STEPS: &str = "SELECT step, state, attempt, request, answer, place FROM journal \
                             WHERE subject = ? AND ref = ? ORDER BY step";
        let (kind, id) = subject.columns();
        let rows = sqlx::query(STEPS).bind(kind).bind(id).fetch_all(&self.inner.readers).await?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                let state = row.int(1)?;
                Ok(JournalStep {
                    step: row.text(0)?,
                    state: StepState::from_column(state)
                        .ok_or_else(|| unknown("a journal's state", state))?,
                    attempt: row.count(2)?,
                    request: row.bytes(3)?,
                    answer: row.opt_bytes(4)?,
                    place: row.opt_text(5)?,
                })
            })
            .collect()
    }
}

// === impl StepState ===

impl StepState {
    fn from_column(state: i64) -> Option<Self> {
        Some(match state {
            0 => Self::Sent,
            1 => Self::Finished,
            2 => Self::Undone,
            3 => Self::Forgotten,
            _ => return None,
        })
    }
}
