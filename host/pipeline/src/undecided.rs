//! What a turn has decided and not yet committed: the turn's next events go on from here, and nobody else sees it. What
//! all lanes share knows committed things alone, so a commit that fails leaves nothing behind.

use std::collections::HashMap;

use patchbay_storage::{Conversation, Decision};
use patchbay_types::{ConversationId, EventId};

use crate::shared::Routed;

/// One turn's own state.
#[derive(Debug, Default)]
pub(crate) struct Undecided {
    conversations: HashMap<ConversationId, Conversation>,
    routed: HashMap<EventId, Vec<Routed>>,
}

// === impl Undecided ===

impl Undecided {
    /// Goes on from this decision.
    pub(crate) fn add(&mut self, decision: &Decision) {
        if let Some(row) = &decision.conversation {
            self.conversations.insert(row.id.clone(), row.clone());
        }
        if let Some(event) = &decision.event_id
            && !decision.deliveries.is_empty()
        {
            self.routed.insert(event.clone(), Routed::of(&decision.deliveries));
        }
    }

    /// The conversation, where this turn has changed it.
    pub(crate) fn conversation(&self, id: &ConversationId) -> Option<&Conversation> {
        self.conversations.get(id)
    }

    /// The conversation of the room itself, or of a thread in it, where this turn has made it.
    pub(crate) fn conversation_of(&self, thread: Option<&EventId>) -> Option<&Conversation> {
        self.conversations.values().find(|row| row.thread_root.as_ref() == thread)
    }

    /// Where an event of this turn goes.
    pub(crate) fn routed(&self, event: &EventId) -> Option<&[Routed]> {
        self.routed.get(event).map(Vec::as_slice)
    }
}
