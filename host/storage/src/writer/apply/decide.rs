//! Decisions: all that follows from one event.

use crate::{
    decision::Decision,
    trace::{Packed, Subject},
    writer::{apply::Plan, guard::Queue, member::Reply, targets::Target},
};

impl<'a> Plan<'a> {
    pub(super) fn decide(&mut self, decision: &'a Decision, trace: &Packed) -> Reply {
        let (seq, at, tenant) = (decision.seq, decision.at, decision.tenant.as_ref());
        if !self.guard.take(Queue::Inbox, seq) {
            return Reply::SKIPPED;
        }
        self.batch.rows(Target::InboxState).push(&(seq, decision.state as u8, tenant, at));
        if let Some(room) = &decision.room {
            self.room(room);
        }
        if let Some(conversation) = &decision.conversation {
            self.conversation(conversation);
        }
        self.tickets(&decision.tickets);
        self.deliveries(&decision.deliveries, Some(seq), at);
        self.actions(&decision.actions, at);
        if let Some(park) = &decision.park {
            self.park(Subject::Inbox(seq), tenant, decision.event_id.as_ref(), park, at);
        }
        self.trace(Subject::Inbox(seq), tenant, trace, at);
        Reply::WRITTEN
    }
}
