//! What the host of this thread knows.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{Expect, KeptTicket, Sent};
use crate::{http::Response, log::Level, types::Timestamp};

/// 1 January 2026, 00:00 UTC.
const START: Timestamp = 1_767_225_600_000;

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

pub(crate) struct State {
    pub(crate) now: Timestamp,
    /// While `prepare` runs, only `log` works.
    pub(crate) preparing: bool,
    pub(crate) logs: Vec<(Level, String)>,
    pub(crate) secrets: BTreeMap<String, Vec<String>>,
    pub(crate) store: BTreeMap<String, Vec<u8>>,
    pub(crate) tickets: Vec<KeptTicket>,
    /// What is expected, and how often it came.
    pub(crate) expected: Vec<(Expect, usize)>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The key of the call that runs.
    pub(crate) call: String,
    /// By call and step: what was answered with 2xx.
    pub(crate) journal: BTreeMap<(String, String), Response>,
    /// Steps of the attempt that runs.
    pub(crate) steps: BTreeSet<String>,
}

// === impl State ===

impl State {
    pub(crate) fn new() -> Self {
        Self {
            now: START,
            preparing: false,
            logs: Vec::new(),
            secrets: BTreeMap::new(),
            store: BTreeMap::new(),
            tickets: Vec::new(),
            expected: Vec::new(),
            sent: Vec::new(),
            files: BTreeMap::new(),
            call: String::new(),
            journal: BTreeMap::new(),
            steps: BTreeSet::new(),
        }
    }
}

/// Begins; whether there was none yet.
pub(crate) fn begin() -> bool {
    STATE.with_borrow_mut(|state| {
        let free = state.is_none();
        if free {
            *state = Some(State::new());
        }
        free
    })
}

/// Ends; answers what is left.
pub(crate) fn end() -> Option<State> {
    STATE.take()
}

/// The host's state, in what a test itself asks.
pub(crate) fn with<R>(work: impl FnOnce(&mut State) -> R) -> R {
    let done = STATE.with_borrow_mut(|state| state.as_mut().map(work));
    done.unwrap_or_else(|| {
        fail("there is no host on this thread: was it dropped, or is this another thread?")
    })
}

/// The host's state, in what the plugin asks of the import `what`.
pub(crate) fn asked<R>(what: &str, work: impl FnOnce(&mut State) -> R) -> R {
    let done = STATE.with_borrow_mut(|state| {
        let state = state.as_mut().ok_or_else(|| {
            format!("`{what}` was asked, and there is no host: begin with `let host = patchbay_sdk::testing::Host::new();`")
        })?;
        if state.preparing {
            return Err(format!("`{what}` was asked in `prepare`, where only `log` works"));
        }
        Ok(work(state))
    });
    done.unwrap_or_else(|why| fail(&why))
}

/// Writes a line, if anybody wants to know.
pub(crate) fn log(level: Level, message: &str) {
    // A panic may be logged while the state is in use.
    STATE.with(|state| {
        if let Ok(mut state) = state.try_borrow_mut()
            && let Some(state) = state.as_mut()
        {
            state.logs.push((level, message.to_owned()));
        }
    });
}

/// Ends the test.
#[expect(clippy::panic, reason = "this is how a test fails")]
#[track_caller]
pub(crate) fn fail(why: &str) -> ! {
    panic!("{why}")
}
