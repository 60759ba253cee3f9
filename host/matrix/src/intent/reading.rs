//! What a ghost can look up. Events are answered as the JSON that they are, for [`crate::Event`] to read.

use patchbay_types::{EventId, RoomId, UserId};
use ruma::{
    UInt,
    api::{
        Direction,
        client::{
            membership::joined_members, message::get_message_events, room::get_room_event,
            state::get_state_events,
        },
    },
    serde::Raw,
};

use super::{Intent, parsed};
use crate::error::ClientError;

/// Someone who is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// The name shown in the room.
    pub display_name: Option<String>,
}

/// Part of a room's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Events, as JSON.
    pub events: Vec<String>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<String>,
}

impl Intent {
    /// The room's present state, as JSON events.
    ///
    /// # Errors
    /// `Forbidden` where we were never in it; see [`ClientError`].
    pub async fn state(&self, room: &RoomId) -> Result<Vec<String>, ClientError> {
        let request = get_state_events::v3::Request::new(parsed("a room ID", room.as_str())?);
        Ok(self.call(request).await?.room_state.into_iter().map(json).collect())
    }

    /// Who is in the room.
    ///
    /// # Errors
    /// `Forbidden` where we are not in it; see [`ClientError`].
    pub async fn joined_members(&self, room: &RoomId) -> Result<Vec<Member>, ClientError> {
        let request = joined_members::v3::Request::new(parsed("a room ID", room.as_str())?);
        let joined = self.call(request).await?.joined;
        let member = |(user, member): (ruma::OwnedUserId, joined_members::v3::RoomMember)| Member {
            user: UserId::from(user.as_str()),
            display_name: member.display_name,
        };
        Ok(joined.into_iter().map(member).collect())
    }

    /// One event, as JSON; none where there is no such event, or we may not see it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn event(&self, room: &RoomId, event: &EventId) -> Result<Option<String>, ClientError> {
        let (room, event) = (parsed("a room ID", room.as_str())?, parsed("an event ID", event.as_str())?);
        match self.call(get_room_event::v3::Request::new(room, event)).await {
            Ok(answer) => Ok(Some(json(answer.event))),
            Err(ClientError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The room's history before `from`, or before now.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn messages(&self, room: &RoomId, from: Option<&str>, limit: u16) -> Result<Page, ClientError> {
        let mut request =
            get_message_events::v3::Request::new(parsed("a room ID", room.as_str())?, Direction::Backward);
        request.from = from.map(str::to_owned);
        request.limit = UInt::from(limit);
        let answer = self.call(request).await?;
        Ok(Page { events: answer.chunk.into_iter().map(json).collect(), next: answer.end })
    }
}

fn json<T>(raw: Raw<T>) -> String {
    Box::<str>::from(raw.into_json()).into()
}
