//! The room is made, or found where an earlier attempt made it. Its alias follows from the ticket and lies in our own
//! exclusive namespace, so a room that has it can only be ours; that is looked at all the same.

use patchbay_matrix::{ClientError, Intent, NewRoom};
use patchbay_types::{RegistrationId, RoomId};
use serde_json::Value;

use super::Begin;
use crate::{news::entry::Stop, payload::Arrangement};

/// A room that is there now.
pub(super) struct Made {
    pub(super) room: RoomId,
    /// Its state, where it was there before: type, state key, content.
    pub(super) state: Vec<(String, String, Value)>,
}

impl Begin<'_> {
    /// Makes it, unless it is there.
    ///
    /// # Errors
    /// When the homeserver does not answer now, or refuses it for good.
    pub(super) async fn make(
        &self,
        registration: &RegistrationId,
        wanted: &Arrangement,
    ) -> Result<Made, Stop> {
        let Some(homeserver) = self.shared.homeservers.get(registration) else {
            return Err(self.park(format!("there is no registration `{registration}` any more")));
        };
        let (tenant, adapter, ticket) = (&self.entry.tenant, &self.entry.adapter, &self.entry.ticket);
        let bot = homeserver.ghosts.bot();
        let new = NewRoom {
            alias: homeserver.ghosts.alias(tenant, &format!("{adapter}.{ticket}")),
            name: wanted.name.clone(),
            topic: wanted.topic.clone(),
            state: wanted.state.clone(),
        };
        let failed = |error: ClientError| {
            if error.is_transient() {
                Stop::Later(error.to_string())
            } else {
                self.park(format!("no room can be made: {error}"))
            }
        };
        let intent = homeserver.client.act_as(bot, None).map_err(failed)?;
        if let Some(room) = intent.create_room(&new).await.map_err(failed)? {
            return Ok(Made { room, state: Vec::new() });
        }
        let Some(room) = intent.room_of(&new.alias).await.map_err(failed)? else {
            return Err(Stop::Later(format!("the alias {} is taken, and leads nowhere", new.alias)));
        };
        let state = state(&intent, &room).await.map_err(failed)?;
        let ours = state.iter().any(|(kind, _, sender, _)| kind == "m.room.create" && sender == bot.as_str());
        if !ours {
            return Err(self.park(format!("the alias {} leads to a room that we did not make", new.alias)));
        }
        let state = state.into_iter().map(|(kind, state_key, _, content)| (kind, state_key, content));
        Ok(Made { room, state: state.collect() })
    }
}

/// Type, state key, sender and content of each piece.
async fn state(intent: &Intent, room: &RoomId) -> Result<Vec<(String, String, String, Value)>, ClientError> {
    let piece = |json: String| {
        let mut event: Value = serde_json::from_str(&json).ok()?;
        let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
        let (kind, state_key, sender) = (text("type")?, text("state_key")?, text("sender")?);
        Some((kind, state_key, sender, event.get_mut("content")?.take()))
    };
    Ok(intent.state(room).await?.into_iter().filter_map(piece).collect())
}
