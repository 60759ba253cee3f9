//! The three kinds of lanes and their bounds.

use patchbay_types::{AdapterName, ConversationId, RegistrationId, RoomId, TenantId, config::HostLimits};

use crate::lanes::{LaneKey, LaneLimits};

/// Events on their way in: (tenant, room), fixed before any plugin runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InboundLane {
    /// Whose room it is.
    pub tenant: TenantId,
    /// The registration that saw it.
    pub registration: RegistrationId,
    /// The room.
    pub room: RoomId,
}

/// Messages on their way to a CRM: (tenant, conversation, destination).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DeliveryLane {
    /// The tenant.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The destination.
    pub adapter: AdapterName,
}

/// Actions on their way to Matrix: (tenant, room).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ActionLane {
    /// The tenant.
    pub tenant: TenantId,
    /// The registration that acts.
    pub registration: RegistrationId,
    /// The room.
    pub room: RoomId,
}

impl LaneKey for InboundLane {
    type Group = ();

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn group(&self) {}
}

impl LaneKey for DeliveryLane {
    type Group = (TenantId, AdapterName);

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn group(&self) -> Self::Group {
        (self.tenant.clone(), self.adapter.clone())
    }
}

impl LaneKey for ActionLane {
    type Group = ();

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn group(&self) {}
}

/// Many lanes are at work at once since each waits for its commit; how many of a tenant's compute at once is bounded
/// apart from this.
pub(crate) fn inbound_limits(limits: &HostLimits) -> LaneLimits {
    LaneLimits {
        window: limits.window as usize,
        lane: limits.lane as usize,
        turn: 32,
        workers: 512,
        tenant_workers: 256,
    }
}

/// These mostly wait for a CRM.
pub(crate) fn delivery_limits(limits: &HostLimits) -> LaneLimits {
    let workers = (limits.deliveries as usize).max(1);
    LaneLimits {
        window: limits.window as usize,
        lane: limits.lane as usize,
        turn: 16,
        workers,
        tenant_workers: (workers / 2).max(1),
    }
}

/// These wait for a homeserver.
pub(crate) fn action_limits(limits: &HostLimits) -> LaneLimits {
    LaneLimits {
        window: limits.window as usize,
        lane: limits.lane as usize,
        turn: 8,
        workers: 64,
        tenant_workers: 32,
    }
}
