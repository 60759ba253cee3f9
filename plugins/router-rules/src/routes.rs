//! Routes as the settings say them, ready to be answered.

use patchbay_sdk::prelude::*;

use crate::settings::{ChangeSettings, PlacementSettings, RouteSettings};

/// A route, but for what depends on the message.
pub(crate) struct RouteTemplate {
    pub(crate) adapter: String,
    placement: PlacementSettings,
    internal: bool,
    initial: Vec<Change>,
    changes: Vec<Change>,
}

// === impl RouteTemplate ===

impl RouteTemplate {
    pub(crate) fn new(settings: RouteSettings) -> Self {
        let RouteSettings { queue, assignee, priority, subject, tags, fields, .. } = settings;
        let initial =
            ChangeSettings { queue, assignee, priority, subject, tags, fields, ..ChangeSettings::default() };
        Self {
            adapter: settings.adapter,
            placement: settings.placement,
            internal: settings.internal,
            initial: changes(initial),
            changes: changes(settings.change),
        }
    }

    /// The route of this message; nothing, where it needs an open ticket and there is none.
    pub(crate) fn route(&self, message: &Message, conversation: &Conversation) -> Option<Route> {
        let open = || {
            let tickets = conversation.open_tickets.iter().filter(|ticket| ticket.adapter == self.adapter);
            let latest = tickets.max_by_key(|ticket| ticket.last_activity_at)?;
            Some(Placement::AppendTo(latest.ticket.id.clone()))
        };
        let placement = match self.placement {
            PlacementSettings::AlwaysOpen => Placement::AlwaysOpen,
            PlacementSettings::ChangesOnly => Placement::Nothing,
            PlacementSettings::ContinueOrOpen if opens(&message.content) => Placement::ContinueOrOpen,
            PlacementSettings::ContinueOrOpen | PlacementSettings::IfOpen => open()?,
        };
        Some(Route {
            adapter: self.adapter.clone(),
            placement,
            internal: self.internal || conversation.room.audience == Audience::Staff,
            initial: self.initial.clone(),
            changes: self.changes.clone(),
        })
    }
}

/// Who came and went is no request, and neither is what cannot even be shown.
fn opens(content: &Content) -> bool {
    match content {
        Content::Membership(_) => false,
        Content::Other(other) => other.plain.is_some(),
        _ => true,
    }
}

fn changes(settings: ChangeSettings) -> Vec<Change> {
    let named = |id: String| Named { id, name: None };
    let ChangeSettings { status, queue, assignee, priority, subject, tags, untag, fields } = settings;
    let mut changes = Vec::new();
    changes.extend(status.map(|status| Change::Status(status.into())));
    changes.extend(queue.map(|queue| Change::Queue(Some(named(queue)))));
    changes
        .extend(assignee.map(|who| Change::Assignee(if who.is_empty() { None } else { Some(named(who)) })));
    changes.extend(priority.map(|priority| Change::Priority(priority.into())));
    changes.extend(subject.map(Change::Subject));
    changes.extend(tags.into_iter().map(Change::Tag));
    changes.extend(untag.into_iter().map(Change::Untag));
    changes.extend(fields.into_iter().map(|(key, value)| Change::Field(Attribute { key, value })));
    changes
}
