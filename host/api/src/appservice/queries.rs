//! What a homeserver asks when it meets a name in our namespace that it does not know.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use patchbay_types::UserId;
use serde_json::{Value, json};

use super::{Appservice, auth::Caller, error::MatrixError};

/// Yes for the bot, and for a ghost of a tenant that there is. The ghost itself is made when it first acts.
pub(super) async fn user(
    State(appservice): State<Appservice>,
    Caller(registered): Caller,
    user: Result<Path<UserId>, PathRejection>,
) -> Result<Json<Value>, MatrixError> {
    let Path(user) = user.map_err(|_| MatrixError::InvalidPath)?;
    let ghosts = registered.ghosts();
    let ours = user == *ghosts.bot()
        || ghosts.ghost_of(&user).is_some_and(|ghost| (appservice.is_tenant)(&ghost.tenant));
    if ours { Ok(Json(json!({}))) } else { Err(MatrixError::NotFound) }
}

/// No: to say yes is to have made the alias just now, and a room is made when a tenant opens it, not because someone
/// has typed its name. An alias that was made is never asked for.
pub(super) async fn alias(_: Caller) -> MatrixError {
    MatrixError::NotFound
}
