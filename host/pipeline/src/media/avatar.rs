//! The picture of a person in a CRM, shown by their ghost. It is the adapter's own handle, in the person's attribute
//! `avatar`. Best effort, and never in a message's way: it comes after the message that names it, or not at all.

use std::sync::Arc;

use patchbay_storage::{Action, Avatar, Origin, Trace};
use patchbay_types::UserId;
use tracing::{debug, info};

use super::{
    fetch::{self, Unfetched, Wanted},
    spool::Spooled,
};
use crate::{payload::ActionV1, shared::Shared};

/// The largest picture, in bytes.
const LARGEST: u64 = 5 << 20;

/// Has the author's ghost show its picture, some time after this.
pub(crate) fn show(shared: &Arc<Shared>, action: &Action, payload: &ActionV1) {
    let (Some(author), Some(origin)) = (&payload.author, &action.origin) else { return };
    let Some(handle) = author.avatar.clone().filter(|handle| !handle.is_empty()) else { return };
    let key = (format!("{} {}", action.registration, author.user_id), handle.clone());
    if !shared.media.looked.entry(key).or_insert(()).is_fresh() {
        return;
    }
    let (shared, action, origin) = (Arc::clone(shared), action.clone(), origin.clone());
    let user = UserId::from(author.user_id.as_str());
    tokio::spawn(async move {
        match set(&shared, &action, &origin, &user, &handle).await {
            Ok(true) => info!(%user, "it shows the person's picture"),
            Ok(false) => {}
            Err(error) => debug!(%user, error, "it goes without the person's picture"),
        }
    });
}

/// Answers whether the picture is another one now.
async fn set(
    shared: &Shared,
    action: &Action,
    origin: &Origin,
    user: &UserId,
    handle: &str,
) -> Result<bool, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (tenant, adapter, registration) = (&action.tenant, &origin.adapter, &action.registration);
    let homeserver = shared.homeservers.get(registration).ok_or("there is no such registration any more")?;
    let intent = homeserver.client.act_as(user, None).map_err(|error| said(&error))?;
    let store = &shared.store;
    let known = store.avatar(tenant, adapter, registration, handle).await.map_err(|error| said(&error))?;
    let uri = match known {
        Some(uri) => uri,
        None => {
            let wanted = Wanted { tenant, adapter, handle, largest: LARGEST, about: &action.source };
            let fetched = fetch::fetch(shared, &wanted, &mut Trace::new()).await;
            let spooled = fetched.map_err(|why| match why {
                Unfetched::Later { error, .. } | Unfetched::Never(_, error) => error,
            })?;
            let mime = image(&spooled).await.ok_or("it is no picture that clients show")?;
            let opened = spooled.open();
            let uploaded = intent.upload((opened.length, opened.bytes), mime, None).await;
            let uri = uploaded.map_err(|error| said(&error))?;
            let avatar = Avatar {
                tenant: tenant.clone(),
                adapter: adapter.clone(),
                registration: registration.clone(),
                handle: handle.to_owned(),
                uri: uri.clone(),
                at: shared.clock.now(),
            };
            store.put_avatar(avatar).await.map_err(|error| said(&error))?;
            uri
        }
    };
    let shown = store.ghost_avatar(registration, user).await.map_err(|error| said(&error))?;
    if shown.as_deref() == Some(uri.as_str()) {
        return Ok(false);
    }
    intent.set_avatar(&uri).await.map_err(|error| said(&error))?;
    store.put_ghost_avatar(registration, user, &uri).await.map_err(|error| said(&error))?;
    Ok(true)
}

/// The type of a picture, by how it begins: what a CRM says of it need not be so.
async fn image(spooled: &Spooled) -> Option<&'static str> {
    let beginning = spooled.beginning().await.ok()?;
    match beginning.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
