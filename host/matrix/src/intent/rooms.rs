//! Rooms and who is in them. All of it may be repeated.

use patchbay_types::{RoomId, UserId};
use ruma::{
    OwnedRoomAliasId,
    api::client::{
        alias::create_alias,
        membership::{invite_user, join_room_by_id, leave_room},
    },
};

use super::{Intent, parsed};
use crate::error::ClientError;

impl Intent {
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
