//! The journal as one attempt sees it: which steps earlier attempts finished, and what this one does.

use std::collections::{HashMap, HashSet};

use patchbay_egress::{Request, Response};
use patchbay_storage::{JournalStep, NewStep, StepState, StorageError, Store, Subject};
use patchbay_types::{Digest, Millis};

/// Steps of one delivery.
const STEPS: usize = 256;
/// Bytes of a step's name.
const NAME: usize = 128;
/// Bytes of all answers that one delivery's journal keeps, compressed, before it takes no further step: all of them are
/// read at each attempt.
const ANSWERS: usize = 16 << 20;

/// One attempt's journal.
pub(crate) struct Journal {
    store: Store,
    subject: Subject,
    attempt: u32,
    known: HashMap<String, JournalStep>,
    /// Steps that this attempt has had an answer for.
    answered: HashSet<String>,
    /// Where the delivery goes: written down with each step.
    place: Option<String>,
}

/// What is to be done about a step.
pub(crate) enum Begun {
    /// It is written down: send it.
    Send,
    /// It was finished by an earlier attempt, with this answer. `other`: with another request than now.
    Finished { response: Response, other: bool },
    /// The adapter must not do this; why.
    Refused(String),
}

// === impl Journal ===

impl Journal {
    /// The journal of `subject`, for its attempt after the `attempts` that are known otherwise.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn open(store: &Store, subject: Subject, attempts: u32) -> Result<Self, StorageError> {
        let known = store.journal(subject).await?;
        // A crash may have ended an attempt of which nothing else is known.
        let before = known.iter().map(|step| step.attempt).max().unwrap_or(0).max(attempts);
        let place = known.iter().find_map(|step| step.place.clone());
        Ok(Self {
            place,
            store: store.clone(),
            subject,
            attempt: before + 1,
            known: known.into_iter().map(|step| (step.step.clone(), step)).collect(),
            answered: HashSet::new(),
        })
    }

    /// Where the delivery goes, as it was decided when its first step was sent.
    pub(crate) fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// The delivery goes there from now on, in every attempt, for as long as any of its steps is known.
    pub(crate) fn goes_to(&mut self, place: String) {
        self.place = Some(place);
    }

    /// Which attempt this is: more than 1 where something may have been sent before.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    fn kept(&self) -> usize {
        self.known.values().filter_map(|step| Some(step.answer.as_ref()?.len())).sum()
    }

    /// Writes down that a step is about to be sent, unless it need not be.
    ///
    /// # Errors
    /// When it cannot be written: it must not be sent then.
    pub(crate) async fn begin(
        &mut self,
        step: &str,
        request: &Request,
        at: Millis,
    ) -> Result<Begun, StorageError> {
        if self.answered.contains(step) {
            let why = format!(
                "the step `{step}` was finished in this call already: each effect needs its own name"
            );
            return Ok(Begun::Refused(why));
        }
        let digest = digest(request);
        match self.known.get(step) {
            Some(known) if known.state == StepState::Finished => {
                if let Some(response) = known.answer.as_deref().and_then(read) {
                    self.answered.insert(step.to_owned());
                    return Ok(Begun::Finished { response, other: known.request != digest });
                }
            }
            None if self.known.len() >= STEPS => {
                return Ok(Begun::Refused(format!("more than {STEPS} steps in one delivery")));
            }
            _ if self.kept() >= ANSWERS => {
                let why = format!("the answers to this delivery's steps have {ANSWERS} bytes already");
                return Ok(Begun::Refused(why));
            }
            _ => {}
        }
        let (subject, attempt) = (self.subject, self.attempt);
        let place = self.place.clone();
        let request = digest.clone();
        let row = NewStep { subject, step: step.to_owned(), attempt, request, place: place.clone(), at };
        self.store.step_begins(row).await?;
        let state = StepState::Sent;
        let known =
            JournalStep { step: step.to_owned(), state, attempt, request: digest, answer: None, place };
        self.known.insert(step.to_owned(), known);
        Ok(Begun::Send)
    }

    /// Writes down what became of a step.
    ///
    /// # Errors
    /// When it cannot be written: nobody knows then what became of it.
    pub(crate) async fn end(
        &mut self,
        step: &str,
        state: StepState,
        response: Option<&Response>,
    ) -> Result<(), StorageError> {
        let answer = response.filter(|_| state == StepState::Finished).map(write);
        self.store.step_ended(self.subject, step, state, answer.clone()).await?;
        if let Some(known) = self.known.get_mut(step) {
            (known.state, known.answer) = (state, answer);
        }
        if state == StepState::Finished {
            self.answered.insert(step.to_owned());
        } else {
            self.answered.remove(step);
        }
        Ok(())
    }

    /// A later attempt sends this step again; no more than a wish where it was never sent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn forget(&mut self, step: &str) -> Result<(), StorageError> {
        if self.known.contains_key(step) {
            self.end(step, StepState::Forgotten, None).await?;
        }
        Ok(())
    }
}

/// Whether an adapter may give a step this name.
///
/// # Errors
/// With a sentence, if not.
pub(crate) fn is_name(step: &str) -> Result<(), String> {
    let fits = !step.is_empty() && step.len() <= NAME && !step.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(format!("a step's name has 1 to {NAME} bytes and no control characters")) }
}

fn digest(request: &Request) -> Vec<u8> {
    // It is made of texts and bytes alone, which always serialise.
    let bytes = rmp_serde::to_vec(request).unwrap_or_default();
    Digest::of(&bytes).to_string().into_bytes()
}

fn write(response: &Response) -> Vec<u8> {
    lz4_flex::compress_prepend_size(&rmp_serde::to_vec(response).unwrap_or_default())
}

fn read(bytes: &[u8]) -> Option<Response> {
    rmp_serde::from_slice(&lz4_flex::decompress_size_prepended(bytes).ok()?).ok()
}
