//! The host as a test holds it.

use std::{marker::PhantomData, thread};

use serde::Serialize;

use super::{
    Expect, KeptTicket, Sent, desk,
    state::{self, fail, with},
};
use crate::{
    Problem,
    bindings::adapter::exports::patchbay::plugin::adapter::Call,
    log::Level,
    plugin::Plugin,
    settings,
    types::{Person, Timestamp},
};

/// The host of this thread, until it is dropped.
#[must_use = "the host goes when it is dropped: `let host = Host::new();`"]
pub struct Host(PhantomData<*const ()>);

// === impl Host ===

impl Host {
    /// A host that knows nothing, at midnight of 1 January 2026 (UTC).
    ///
    /// # Panics
    /// When there is one on this thread already.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "a host is begun, not a value")]
    pub fn new() -> Self {
        if !state::begin() {
            fail("there is a host on this thread already: drop it first");
        }
        Self(PhantomData)
    }

    /// The plugin, prepared as the host does it: `settings` written as JSON and read back.
    ///
    /// # Errors
    /// With what is wrong in the settings.
    pub fn prepare<P: Plugin>(&self, settings: impl Serialize) -> Result<P, Vec<Problem>> {
        let json =
            serde_json::to_string(&settings).map_err(|error| settings::problem("", error.to_string()))?;
        let settings = settings::read(&json)?;
        with(|state| state.preparing = true);
        let prepared = P::prepare(settings);
        with(|state| state.preparing = false);
        prepared
    }

    /// Begins a call: the first attempt under this key.
    #[must_use]
    pub fn call(&self, key: &str) -> Call {
        self.attempt(key.to_owned(), 1)
    }

    /// Begins the next attempt: steps that were answered are not sent again.
    pub fn again(&self, call: &Call) -> Call {
        self.attempt(call.key.clone(), call.attempt + 1)
    }

    fn attempt(&self, key: String, attempt: u32) -> Call {
        with(|state| {
            state.call.clone_from(&key);
            state.steps.clear();
        });
        Call { key, attempt, history: false }
    }

    /// One request is to come. Of several that fit, the one that was expected first answers.
    pub fn expect(&self, request: Expect) {
        with(|state| state.expected.push((request, 0)));
    }

    /// All that was sent, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Sent> {
        with(|state| state.sent.clone())
    }

    /// One more live value of a secret; the first one signs.
    pub fn secret(&self, name: &str, value: &str) {
        with(|state| state.secrets.entry(name.to_owned()).or_default().push(value.to_owned()));
    }

    /// The time of the calls from here on.
    pub fn set_now(&self, now: Timestamp) {
        with(|state| state.now = now);
    }

    /// The time of the calls.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        with(|state| state.now)
    }

    /// What was logged, in order.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        with(|state| state.logs.clone())
    }

    /// What the store has under `key`.
    #[must_use]
    pub fn stored(&self, key: &str) -> Option<Vec<u8>> {
        with(|state| state.store.get(key).cloned())
    }

    /// Puts something into the store.
    pub fn store(&self, key: &str, value: impl Into<Vec<u8>>) {
        with(|state| state.store.insert(key.to_owned(), value.into()));
    }

    /// The bytes of a file that was taken out of an answer.
    #[must_use]
    pub fn file(&self, handle: &str) -> Option<Vec<u8>> {
        with(|state| state.files.get(handle).cloned())
    }

    /// Puts a ticket into the desk; answers its identifier.
    pub fn ticket(&self, conversation: &str, customer: &Person) -> String {
        with(|state| desk::create(&mut state.tickets, conversation, customer))
    }

    /// The desk's tickets, in order.
    #[must_use]
    pub fn tickets(&self) -> Vec<KeptTicket> {
        with(|state| state.tickets.clone())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let left = state::end();
        if thread::panicking() {
            return;
        }
        let missing = |(expected, times): &(Expect, usize)| {
            (*times == 0 && !expected.repeatedly).then(|| format!("\n  {expected}"))
        };
        let missing: String = left.iter().flat_map(|state| &state.expected).filter_map(missing).collect();
        if !missing.is_empty() {
            fail(&format!("expected, and never sent:{missing}"));
        }
    }
}

#[cfg(test)]
mod tests;
