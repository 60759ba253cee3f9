//! Instances that are kept between calls, for guests that cannot be prepared: other languages, tables changed at run
//! time. One is replaced after so many calls, and at once when anything went wrong in it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use patchbay_types::tenant::InstancePolicy;

use crate::{
    instance::Visit,
    slots::{Permit, Slots},
};

/// The kept instances of one plugin.
pub(super) struct Warm {
    /// Nothing: none is kept.
    most_calls: Option<u32>,
    idle: Mutex<VecDeque<(Visit, Permit)>>,
}

// === impl Warm ===

impl Warm {
    pub(super) fn new(policy: InstancePolicy) -> Self {
        let most_calls = match policy {
            InstancePolicy::Fresh => None,
            InstancePolicy::Warm(calls) => Some(calls.max(1)),
        };
        Self { most_calls, idle: Mutex::default() }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.most_calls.is_some()
    }

    /// The instance that rested least, whose memory is still in the processor's caches.
    pub(super) fn take(&self) -> Option<Visit> {
        self.most_calls?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_back().map(|(visit, _)| visit)
    }

    /// Keeps an instance after a call that went well, unless it has had its calls or enough are kept elsewhere.
    pub(super) fn put(&self, mut visit: Visit, slots: &Slots) {
        visit.calls += 1;
        if self.most_calls.is_some_and(|most| visit.calls < most)
            && let Some(permit) = slots.keep()
        {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back((visit, permit));
        }
    }
}
