//! Rooms and who is in them. All of it may be repeated.

use patchbay_types::{RoomId, UserId};
use ruma::{
    OwnedRoomAliasId,
    api::client::{
        alias::{create_alias, get_alias},
        membership::{invite_user, join_room_by_id, leave_room},
        room::create_room,
    },
    serde::Raw,
};
use serde_json::{json, value::to_raw_value};

use super::{Intent, parsed};
use crate::error::ClientError;

/// A private room that is to be made, known by an alias from the moment that it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRoom {
    /// The alias, whole, such as `#_patchbay_acme_room:example.org`. It has to be free, and in our namespace.
    pub alias: String,
    /// What it is called.
    pub name: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// Further state: type, state key and content, a JSON object.
    pub state: Vec<(String, String, String)>,
}

impl Intent {
    /// Makes a room and answers its ID; none where its alias is taken, as it is by an earlier attempt, even by one that
    /// was refused half-way (room version 12). Nobody is invited, and power is as the homeserver gives it: what it
    /// refuses later it refuses by itself.
    ///
    /// # Errors
    /// `M_EXCLUSIVE` where the alias is outside of our namespace; see [`ClientError`].
    pub async fn create_room(&self, new: &NewRoom) -> Result<Option<RoomId>, ClientError> {
        let alias: OwnedRoomAliasId = parsed("an alias", &new.alias)?;
        let mut request = create_room::v3::Request::new();
        request.preset = Some(create_room::v3::RoomPreset::PrivateChat);
        request.room_alias_name = Some(alias.alias().to_owned());
        request.name.clone_from(&new.name);
        request.topic.clone_from(&new.topic);
        for (kind, state_key, content) in &new.state {
            let invalid = |_| ClientError::InvalidRequest("its state is no JSON object".to_owned());
            let content: serde_json::Value = serde_json::from_str(content).map_err(invalid)?;
            let event = json!({ "type": kind, "state_key": state_key, "content": content });
            request.initial_state.push(Raw::from_json(to_raw_value(&event).map_err(invalid)?));
        }
        match self.call(request).await {
            Ok(answer) => Ok(Some(RoomId::from(answer.room_id.as_str()))),
            Err(ClientError::Rejected { errcode, .. }) if errcode == "M_ROOM_IN_USE" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The room to which an alias points; none where it points to none.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn room_of(&self, alias: &str) -> Result<Option<RoomId>, ClientError> {
        let alias: OwnedRoomAliasId = parsed("an alias", alias)?;
        match self.call(get_alias::v3::Request::new(alias)).await {
            Ok(answer) => Ok(Some(RoomId::from(answer.room_id.as_str()))),
            Err(ClientError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Joins; a room that we are in already is joined.
    ///
    /// # Errors
    /// `Forbidden` where nobody invited us; see [`ClientError`].
    pub async fn join(&self, room: &RoomId) -> Result<(), ClientError> {
        let request = join_room_by_id::v3::Request::new(parsed("a room ID", room.as_str())?);
        self.call(request).await.map(drop)
    }

    /// Leaves, or declines an invitation.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn leave(&self, room: &RoomId) -> Result<(), ClientError> {
        let request = leave_room::v3::Request::new(parsed("a room ID", room.as_str())?);
        self.call(request).await.map(drop)
    }

    /// Invites.
    ///
    /// # Errors
    /// `Forbidden` where the user is in the room already, was banned, or we may not; see [`ClientError`].
    pub async fn invite(&self, room: &RoomId, user: &UserId) -> Result<(), ClientError> {
        let recipient = invite_user::v3::InvitationRecipient::UserId(invite_user::v3::InviteUserId::new(
            parsed("a user ID", user.as_str())?,
        ));
        let request = invite_user::v3::Request::new(parsed("a room ID", room.as_str())?, recipient);
        self.call(request).await.map(drop)
    }

    /// Makes the alias point to the room.
    ///
    /// # Errors
    /// 409 where it points to a room already, `M_EXCLUSIVE` where it is another's; see [`ClientError`].
    pub async fn create_alias(&self, alias: &str, room: &RoomId) -> Result<(), ClientError> {
        let alias: OwnedRoomAliasId = parsed("an alias", alias)?;
        let request = create_alias::v3::Request::new(alias, parsed("a room ID", room.as_str())?);
        self.call(request).await.map(drop)
    }
}
