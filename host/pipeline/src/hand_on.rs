//! From a commit into the lanes: what was just written is handed on as the database would read it, which saves reading
//! it.

use patchbay_storage::{Action, Delivery, DeliveryState, NewAction, NewDelivery};
use patchbay_types::Millis;

use crate::{
    queues::{ActionLane, DeliveryLane},
    shared::Shared,
};

// === impl Shared ===

impl Shared {
    /// Puts a committed delivery into its lane.
    pub(crate) fn push_delivery(&self, new: NewDelivery, inbox_seq: Option<i64>, now: Millis) {
        let lane = DeliveryLane {
            tenant: new.tenant.clone(),
            conversation: new.conversation.clone(),
            adapter: new.adapter.clone(),
        };
        self.deliveries.push(lane, new.id, stored(new, inbox_seq, now));
    }

    /// Puts a committed action into its lane.
    pub(crate) fn push_action(&self, new: NewAction, now: Millis) {
        let lane = ActionLane {
            tenant: new.tenant.clone(),
            registration: new.registration.clone(),
            room: new.room_id.clone(),
        };
        self.actions.push(lane, new.id, stored_action(new, now));
    }
}

fn stored(new: NewDelivery, inbox_seq: Option<i64>, now: Millis) -> Delivery {
    Delivery {
        id: new.id,
        tenant: new.tenant,
        conversation: new.conversation,
        adapter: new.adapter,
        inbox_seq,
        event_id: new.event_id,
        ticket: new.ticket,
        internal: new.internal,
        payload: new.payload,
        state: DeliveryState::Pending,
        attempt: 0,
        not_before: new.not_before,
        last_error: None,
        parts: Vec::new(),
        generation: new.generation,
        created_at: now,
        done_at: None,
        late: false,
    }
}

fn stored_action(new: NewAction, now: Millis) -> Action {
    Action {
        id: new.id,
        tenant: new.tenant,
        registration: new.registration,
        room_id: new.room_id,
        source: new.source,
        ordinal: new.ordinal,
        txn_id: new.txn_id,
        payload: new.payload,
        origin: new.origin,
        state: DeliveryState::Pending,
        attempt: 0,
        not_before: new.not_before,
        last_error: None,
        event_id: None,
        created_at: now,
        untried: true,
    }
}
