//! What waits in the queues, as versioned JSON: a row written by one release is read by the next.

use patchbay_plugin::{routing, types};
use serde::{Deserialize, Serialize};

use crate::media::{Filed, Withheld};

/// Which form a delivery's payload has. (A tagged enum around the forms would be read twice: once to find the tag.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// The first: [`DeliveryV1`].
    #[serde(rename = "1")]
    V1,
}

/// One message for one destination. Targets in it are Matrix event IDs; they are translated when it is delivered, since
/// an earlier message may have no identifier there yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeliveryV1 {
    /// Always the first form.
    #[serde(rename = "v")]
    pub form: Form,
    /// The idempotency key: the same on every attempt.
    pub key: String,
    /// Says where it goes.
    pub place: Place,
    /// Nothing where only changes are to be made.
    pub message: Option<types::Message>,
    /// What a ticket has that this message opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub initial: Vec<types::Change>,
    /// Made after the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<types::Change>,
    /// The message is there, under these identifiers: only the changes are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Vec<String>>,
    /// So often its ticket was gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gone: u32,
    /// So often its author was gone or merged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u32,
    /// Those of its files that are known not to pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Where a delivery goes, within its conversation and adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// The open ticket, or a new one.
    ContinueOrOpen,
    /// A new ticket.
    Open,
    /// This ticket.
    Ticket(String),
    /// This ticket or none: a note about it has nothing to say elsewhere.
    Only(String),
    /// The ticket that its target went to.
    Follow,
    /// The open ticket if there is one; else nowhere.
    IfOpen,
}

/// A Matrix action's payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "v")]
pub(crate) enum ActionPayload {
    /// The first form.
    #[serde(rename = "1")]
    V1(ActionV1),
}

/// One thing to do in Matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActionV1 {
    /// Who does it; none is the bot.
    pub author: Option<Author>,
    /// What.
    pub act: Act,
    /// The files that go into what is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Filed>,
}

/// A ghost, and how it is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Author {
    /// Its user ID.
    pub user_id: String,
    /// Its display name.
    pub display_name: Option<String>,
    /// The adapter's handle of the person's picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Act {
    /// A room event; `content` is JSON text.
    Send {
        /// Such as `m.room.message`.
        event_type: String,
        /// JSON text.
        content: String,
    },
    /// A state event.
    State {
        /// Such as `m.room.topic`.
        event_type: String,
        /// Often empty.
        state_key: String,
        /// JSON text.
        content: String,
    },
    /// Takes an event back.
    Redact {
        /// The event.
        event_id: String,
        /// Why.
        reason: Option<String>,
    },
    /// A read receipt.
    MarkRead {
        /// Up to this event.
        event_id: String,
    },
    /// Typing, or no longer.
    Typing {
        /// Whether it types.
        active: bool,
    },
    /// Accepts an invitation.
    Join,
    /// Makes a room that is ours what it should be, and brings in who belongs there.
    Arrange(Arrangement),
}

/// What a room that we made should be like.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Arrangement {
    /// What it is called; none: as it is.
    pub name: Option<String>,
    /// What it is about; none: as it is.
    pub topic: Option<String>,
    /// Nobody but the bot may write.
    pub read_only: bool,
    /// Who belongs.
    pub members: Vec<Belongs>,
    /// Further state: type, state key, JSON text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<(String, String, String)>,
}

/// Somebody who belongs to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Belongs {
    /// Who.
    pub user_id: String,
    /// One of our ghosts joins; anybody else is invited.
    pub ghost: bool,
    /// A ghost's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What they may do.
    pub power: i64,
}

// === impl Place ===

impl From<routing::Placement> for Place {
    fn from(placement: routing::Placement) -> Self {
        match placement {
            routing::Placement::ContinueOrOpen => Self::ContinueOrOpen,
            routing::Placement::AlwaysOpen => Self::Open,
            routing::Placement::AppendTo(ticket) => Self::Ticket(ticket),
            routing::Placement::Nothing => Self::IfOpen,
        }
    }
}

// === impl DeliveryV1 ===

impl DeliveryV1 {
    /// One that nobody has tried yet. Its key is still to be given.
    pub(crate) fn new(place: Place, message: Option<types::Message>) -> Self {
        Self {
            form: Form::V1,
            key: String::new(),
            place,
            message,
            initial: Vec::new(),
            changes: Vec::new(),
            written: None,
            gone: 0,
            unknown: 0,
            withheld: Vec::new(),
        }
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// A sentence, where it is no payload of this release.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("its stored form cannot be read: {error}"))
    }

    /// As JSON text.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the message refers to an earlier one.
    pub(crate) fn refers(&self) -> bool {
        self.message.as_ref().is_some_and(|message| {
            let changes = matches!(
                message.content,
                types::Content::Edit(_) | types::Content::Removal(_) | types::Content::Reaction(_)
            );
            changes || !message.reply_to.is_empty() || !message.thread.is_empty()
        })
    }
}

// === impl ActionPayload ===

impl ActionPayload {
    /// As JSON text.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_release_writes_it_reads() {
        let delivery = DeliveryV1 {
            key: "k".into(),
            initial: vec![types::Change::Tag("vip".into())],
            changes: vec![types::Change::Status(types::TicketStatus::Solved)],
            ..DeliveryV1::new(Place::Ticket("T-1".into()), None)
        };
        assert!(!delivery.to_json().contains("gone"), "what is the rule is not written");
        assert!(delivery.to_json().starts_with(r#"{"v":"1","key":"k","#));
        assert_eq!(DeliveryV1::read(&delivery.to_json()).unwrap(), delivery);
        assert!(DeliveryV1::read(&delivery.to_json().replace(r#""v":"1""#, r#""v":"2""#)).is_err());
        let action = ActionPayload::V1(ActionV1 { author: None, act: Act::Join, files: Vec::new() });
        assert_eq!(action.to_json(), r#"{"v":"1","author":null,"act":"join"}"#);
        assert_eq!(serde_json::from_str::<ActionPayload>(&action.to_json()).unwrap(), action);
    }
}
