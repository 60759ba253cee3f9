//! Typing and receipts, both ways: best effort, and of now alone. What cannot be told at once, because too much is under
//! way or nobody is there, is dropped; nothing of it is stored, repeated, or put in front of a message.

mod inward;
mod outward;
mod pending;
mod receipts;
mod typing;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use moka::sync::Cache;
use patchbay_plugin::types::SignalKind;
use patchbay_types::{AdapterName, ConversationId, Digest, Millis, RegistrationId, RoomId, TenantId};
use tokio::sync::Semaphore;

use self::pending::Pending;
use crate::shared::lock;

pub(crate) use self::{inward::run, outward::take, receipts::delivered};

/// What is older says nothing any more.
const OLDEST: Millis = 10_000;
/// Rooms that are looked up at once.
const LOOKING: usize = 32;
/// Signals that are carried out in Matrix at once: the way there is shared with messages, and those come first.
const ACTING: usize = 4;
/// Whose a room is, is believed for so long.
const BELIEVED: Duration = Duration::from_secs(10);
/// The same thing of the same person is told no sooner again.
const AGAIN: Duration = Duration::from_secs(1);
/// So much is remembered of what no adapter does.
const UNSUPPORTED: usize = 10_000;

/// What is under way.
pub(crate) struct Signals {
    pending: Pending,
    /// Places for those that look up whose room it is.
    looking: Arc<Semaphore>,
    /// Places for those that do something in Matrix.
    acting: Arc<Semaphore>,
    /// The conversation of a room; none: it has none.
    places: Cache<(RegistrationId, RoomId), Option<(TenantId, ConversationId)>>,
    /// What was done in Matrix just now.
    lately: Cache<(TenantId, AdapterName, String), ()>,
    /// What components have answered that they do not do.
    unsupported: Mutex<HashSet<(TenantId, AdapterName, Digest, &'static str)>>,
}

// === impl Signals ===

impl Default for Signals {
    fn default() -> Self {
        Self {
            pending: Pending::default(),
            looking: Arc::new(Semaphore::new(LOOKING)),
            acting: Arc::new(Semaphore::new(ACTING)),
            places: Cache::builder().max_capacity(10_000).time_to_live(BELIEVED).build(),
            lately: Cache::builder().max_capacity(10_000).time_to_live(AGAIN).build(),
            unsupported: Mutex::default(),
        }
    }
}

impl Signals {
    fn is_unsupported(&self, key: &(TenantId, AdapterName, Digest, &'static str)) -> bool {
        lock(&self.unsupported).contains(key)
    }

    fn unsupported(&self, key: (TenantId, AdapterName, Digest, &'static str)) {
        let mut all = lock(&self.unsupported);
        if all.len() >= UNSUPPORTED {
            all.clear();
        }
        all.insert(key);
    }
}

/// The word that metrics, and what is remembered, use.
fn word(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Typing => "typing",
        SignalKind::StoppedTyping => "stopped-typing",
        SignalKind::Read => "read",
    }
}

fn count(direction: &'static str, tenant: &TenantId, adapter: &AdapterName, outcome: &'static str) {
    let labels = [
        ("direction", direction.to_owned()),
        ("tenant", tenant.to_string()),
        ("adapter", adapter.to_string()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!("patchbay_signals_total", &labels).increment(1);
}
