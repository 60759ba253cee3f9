//! Carrying out one action as the bot or a ghost: made if it is not there yet, brought into the room if it is not in
//! it, with a device so that what is sent twice arrives once.

use std::time::Duration;

use patchbay_matrix::{ClientError, Intent, TxnId};
use patchbay_storage::{Action, Ghost};
use patchbay_types::{EventId, RoomId, UserId};
use tracing::{info, warn};

use crate::{
    act::{arrange, source},
    payload::{Act, ActionV1},
    shared::{Homeserver, Shared, lock},
};

/// The device that our users send with: homeservers remember transaction IDs by device.
const DEVICE: &str = "PATCHBAY";
/// How long typing is shown unless it is said again.
const TYPING: Duration = Duration::from_secs(30);

/// Why an action was not carried out.
pub(crate) enum Failed {
    /// It may work later, not before `retry_after` milliseconds where that was said.
    Later {
        /// For operators.
        error: String,
        /// In milliseconds.
        retry_after: Option<u64>,
    },
    /// It will never work as it is.
    Never(String),
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        let retry_after = match &error {
            ClientError::RateLimited { retry_after } => u64::try_from(retry_after.as_millis()).ok(),
            _ => None,
        };
        let transient = error.is_transient();
        let error = error.to_string();
        if transient { Self::Later { error, retry_after } } else { Self::Never(error) }
    }
}

/// Carries out one action; answers the event that it became, where it became one.
pub(crate) async fn perform(
    shared: &Shared,
    action: &Action,
    payload: &ActionV1,
) -> Result<Option<EventId>, Failed> {
    let Some(homeserver) = shared.homeservers.get(&action.registration) else {
        let error = format!("there is no registration `{}` any more", action.registration);
        return Err(Failed::Later { error, retry_after: None });
    };
    let author = payload.author.as_ref();
    let user = author
        .map_or_else(|| homeserver.ghosts.bot().clone(), |author| UserId::from(author.user_id.as_str()));
    let name = author.and_then(|author| author.display_name.as_deref());
    let (intent, made) = speaker(shared, homeserver, action, &user, name).await?;
    if let Act::Arrange(wanted) = &payload.act {
        return arrange::arrange(shared, homeserver, action, &intent, wanted).await.map(|()| None);
    }
    let may_be_there = source::may_be_there(action, &payload.act);
    if may_be_there && (made || source::is_forgotten(&intent, action, shared.clock.now())) {
        let there = source::find(homeserver, &intent, action, &user).await?;
        if there.is_some() {
            return Ok(there);
        }
    }
    match once(&intent, action, &user, &payload.act).await {
        Err(ClientError::UnknownDevice) => {
            // Someone deleted it. What was sent with it is forgotten with it.
            let intent = make(shared, homeserver, action, &user, name).await?;
            if may_be_there && let Some(event) = source::find(homeserver, &intent, action, &user).await? {
                return Ok(Some(event));
            }
            Ok(once(&intent, action, &user, &payload.act).await?)
        }
        Err(ClientError::Forbidden(_)) if payload.act != Act::Join => {
            bring_in(homeserver, &intent, &action.room_id, &user).await?;
            Ok(once(&intent, action, &user, &payload.act).await?)
        }
        Ok(event) => {
            if payload.act == Act::Join {
                look_around(shared, action, &intent).await;
            }
            Ok(event)
        }
        Err(error) => Err(error.into()),
    }
}

async fn once(
    intent: &Intent,
    action: &Action,
    user: &UserId,
    act: &Act,
) -> Result<Option<EventId>, ClientError> {
    let room = &action.room_id;
    let txn = TxnId::new(user, [action.txn_id.as_str()]);
    match act {
        Act::Send { event_type, content } => {
            intent.send(room, event_type, &source::marked(content, action), &txn).await.map(Some)
        }
        Act::State { event_type, state_key, content } => {
            intent.send_state(room, event_type, state_key, content).await.map(Some)
        }
        Act::Redact { event_id, reason } => {
            let (event, extra) = (EventId::from(event_id.as_str()), source::of(action));
            intent.redact(room, &event, reason.as_deref(), extra, &txn).await.map(Some)
        }
        Act::MarkRead { event_id } => {
            intent.mark_read(room, &EventId::from(event_id.as_str())).await.map(|()| None)
        }
        Act::Typing { active } => intent.set_typing(room, active.then_some(TYPING)).await.map(|()| None),
        Act::Join => intent.join(room).await.map(|()| None),
        Act::Arrange(_) => Ok(None),
    }
}

/// Whoever does this, ready to act, before anything of it is done.
pub(crate) async fn ready(shared: &Shared, action: &Action, payload: &ActionV1) -> Result<Intent, Failed> {
    let Some(homeserver) = shared.homeservers.get(&action.registration) else {
        let error = format!("there is no registration `{}` any more", action.registration);
        return Err(Failed::Later { error, retry_after: None });
    };
    let author = payload.author.as_ref();
    let bot = || homeserver.ghosts.bot().clone();
    let user = author.map_or_else(bot, |author| UserId::from(author.user_id.as_str()));
    let name = author.and_then(|author| author.display_name.as_deref());
    speaker(shared, homeserver, action, &user, name).await.map(|(intent, _)| intent)
}

/// The user, ready to act: as it was last time, or made now. Whether it was made: then its device may be another one,
/// and know nothing of what was sent before.
async fn speaker(
    shared: &Shared,
    homeserver: &Homeserver,
    action: &Action,
    user: &UserId,
    name: Option<&str>,
) -> Result<(Intent, bool), Failed> {
    let known = shared.store.ghost(&action.registration, user).await;
    let known = known.map_err(|error| Failed::Later { error: error.to_string(), retry_after: None })?;
    match known {
        Some(ghost) if name.is_none() || ghost.display_name.as_deref() == name => {
            Ok((homeserver.client.act_as(user, ghost.device_id.as_deref())?, false))
        }
        _ => Ok((make(shared, homeserver, action, user, name).await?, true)),
    }
}

pub(super) async fn make(
    shared: &Shared,
    homeserver: &Homeserver,
    action: &Action,
    user: &UserId,
    name: Option<&str>,
) -> Result<Intent, Failed> {
    let mut intent = homeserver.client.act_as(user, None)?;
    intent.register().await?;
    if !intent.make_device(DEVICE).await? {
        warn!(%user, "the homeserver makes no device: what is sent twice around its restart may arrive twice");
        metrics::counter!("patchbay_ghosts_without_device_total").increment(1);
    }
    if let Some(name) = name {
        intent.set_display_name(name).await?;
    }
    let ghost = Ghost {
        registration: action.registration.clone(),
        user_id: user.clone(),
        device_id: intent.is_idempotent().then(|| DEVICE.to_owned()),
        display_name: name.map(str::to_owned),
        at: shared.clock.now(),
    };
    let put = shared.store.put_ghost(ghost).await;
    put.map_err(|error| Failed::Later { error: error.to_string(), retry_after: None })?;
    info!(%user, "made ready to act");
    Ok(intent)
}

/// A ghost that is not in the room is invited by the bot and joins; the bot accepts what it was invited to.
async fn bring_in(
    homeserver: &Homeserver,
    intent: &Intent,
    room: &RoomId,
    user: &UserId,
) -> Result<(), Failed> {
    if user != homeserver.ghosts.bot() {
        let bot = homeserver.client.act_as(homeserver.ghosts.bot(), None)?;
        // It may be invited or in the room already: joining tells.
        if let Err(error) = bot.invite(room, user).await
            && error.is_transient()
        {
            return Err(error.into());
        }
    }
    Ok(intent.join(room).await?)
}

/// Once in a room, its state is learnt: nothing of what was there before comes by itself.
pub(super) async fn look_around(shared: &Shared, action: &Action, intent: &Intent) {
    let events = match intent.state(&action.room_id).await {
        Ok(events) => events,
        Err(error) => {
            warn!(room = %action.room_id, %error, "the room's state is not known yet");
            return;
        }
    };
    let Ok(entry) = shared.room(&action.registration, &action.room_id).await else { return };
    let mut room = lock(&entry);
    for event in events {
        let Ok(event) = serde_json::from_str::<serde_json::Value>(&event) else { continue };
        let text = |key: &str| event.get(key).and_then(serde_json::Value::as_str);
        if let (Some(kind), Some(state_key), Some(content)) =
            (text("type"), text("state_key"), event.get("content"))
            && room.state.apply(kind, state_key, content)
        {
            // Stored with the room's next event.
            room.dirty = true;
        }
    }
}
