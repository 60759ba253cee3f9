//! What goes wrong by command: for the next call, for each call, or for calls of one method.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A status of a proxy's before the server, with an HTML body; the server never sees the call.
    Status(u16),
    /// As `Status`, with `Retry-After` in seconds.
    Busy(u16, u64),
    /// The call is never carried out and never answered.
    Hang,
    /// The connection ends without a byte; the call is not carried out.
    Drop,
    /// The call is carried out; the connection is reset after so many bytes of its answer.
    ResetAfterBytes(usize),
    /// The call takes so much longer.
    Slow(Duration),
    /// The call is carried out, and its connection ends without a byte.
    CommitThenDrop,
    /// The call is carried out and never answered.
    CommitThenHang,
    /// The call is carried out, and a proxy answers this status.
    CommitThenStatus(u16),
    /// The transaction loses against another one until the server gives up: an error, or `ids: false` of a `load`.
    Conflict,
    /// The transaction loses once and is carried out again, as the server does by itself.
    ConflictOnce,
    /// The transaction ends in a `UserError` after its webhooks were due.
    Rollback,
}

#[derive(Debug)]
struct Rule {
    method: Option<String>,
    fault: Fault,
    /// None: for ever.
    times: Option<usize>,
}

/// The faults to come; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Rule>>>);

impl Faults {
    fn push(&self, method: Option<&str>, fault: Fault, times: Option<usize>) {
        if let Ok(mut rules) = self.0.lock() {
            rules.push_back(Rule { method: method.map(str::to_owned), fault, times });
        }
    }

    /// The next call, whatever it is; set twice, the next two.
    pub fn next(&self, fault: Fault) {
        self.push(None, fault, Some(1));
    }

    /// The next call of a method, such as `message_post`, `load` or `authenticate`.
    pub fn next_of(&self, method: &str, fault: Fault) {
        self.push(Some(method), fault, Some(1));
    }

    /// Each call until `clear`.
    pub fn each(&self, fault: Fault) {
        self.push(None, fault, None);
    }

    /// Each call of a method until `clear`.
    pub fn each_of(&self, method: &str, fault: Fault) {
        self.push(Some(method), fault, None);
    }

    /// All is well again.
    pub fn clear(&self) {
        if let Ok(mut rules) = self.0.lock() {
            rules.clear();
        }
    }

    /// Whether all that were to happen once have happened.
    #[must_use]
    pub fn spent(&self) -> bool {
        self.0.lock().is_ok_and(|rules| rules.iter().all(|rule| rule.times.is_none()))
    }

    pub(crate) fn take(&self, method: &str) -> Option<Fault> {
        let mut rules = self.0.lock().ok()?;
        let at =
            rules.iter().position(|rule| rule.method.as_deref().is_none_or(|wanted| wanted == method))?;
        let rule = rules.get_mut(at)?;
        let fault = rule.fault.clone();
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.remove(at);
            }
        }
        Some(fault)
    }
}
