//! How the service behaves: rightly, unless it was told otherwise.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use crate::Receiver;

/// `GET /behaviour` shows it, `PUT /behaviour` replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Each envelope is answered that much later.
    pub delay_ms: u64,
    /// The next envelopes that fail.
    pub fail: Option<Failing>,
    /// What comes again under an `Idempotency-Key` that is known is answered as before, and not done again.
    pub honour_keys: bool,
    /// Answers name identifiers. Otherwise they are `{}`, and the adapter's own count.
    pub answer_ids: bool,
}

/// A failure that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Its status; 0: the connection is closed in the middle of the answer.
    pub status: u16,
    /// How many envelopes fail.
    #[serde(default = "once")]
    pub times: u32,
    /// The effect is done nevertheless: only its answer is lost.
    #[serde(default)]
    pub done: bool,
    /// Seconds, as `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<u32>,
}

fn once() -> u32 {
    1
}

// === impl Behaviour ===

impl Default for Behaviour {
    fn default() -> Self {
        Self { delay_ms: 0, fail: None, honour_keys: true, answer_ids: true }
    }
}

impl Behaviour {
    /// The failure that the next envelope meets, if any; counts it.
    pub(crate) fn next_failure(&mut self) -> Option<Failing> {
        let failing = self.fail.as_mut()?;
        let met = (failing.times > 0).then(|| failing.clone());
        failing.times = failing.times.saturating_sub(1);
        if failing.times == 0 {
            self.fail = None;
        }
        met
    }
}

pub(crate) async fn show(State(receiver): State<Receiver>) -> Json<Behaviour> {
    Json(receiver.behaviour().clone())
}

pub(crate) async fn change(State(receiver): State<Receiver>, Json(new): Json<Behaviour>) -> Json<Behaviour> {
    *receiver.behaviour() = new.clone();
    Json(new)
}
