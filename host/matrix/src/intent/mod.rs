//! What one ghost, or the bot, does: rooms here, its own account in [`account`], messages in [`sending`], what it can
//! look up in [`reading`].

mod account;
mod reading;
mod redaction;
mod rooms;
mod sending;

use patchbay_types::UserId;
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::{
        AppserviceUserIdentity, OutgoingRequest, SupportedVersions,
        auth_scheme::{AuthScheme, SendAccessToken},
        path_builder::PathBuilder,
    },
};
use std::borrow::Cow;

pub use self::{
    reading::{Member, Page},
    rooms::NewRoom,
};
use crate::{client::Client, error::ClientError};

/// One of our users, acting. Every call is made in its name, and with its device where it has one.
#[derive(Debug, Clone)]
pub struct Intent {
    client: Client,
    user: OwnedUserId,
    device: Option<OwnedDeviceId>,
}

// === impl Intent ===

impl Intent {
    pub(crate) fn new(client: Client, user: &UserId, device: Option<&str>) -> Result<Self, ClientError> {
        let user = parsed("a user ID", user.as_str())?;
        Ok(Self { client, user, device: device.map(OwnedDeviceId::from) })
    }

    /// Whether what is sent twice with one transaction ID arrives once, even if the homeserver restarts between. Without
    /// a device, homeservers remember transaction IDs in memory only.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.device.is_some()
    }

    async fn call<R>(&self, request: R) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let mut identity = AppserviceUserIdentity::new(&self.user);
        identity.device_id = self.device.as_deref();
        self.client.call(request, Some(identity)).await
    }
}

/// An identifier that can be put into a request.
fn parsed<'a, T: TryFrom<&'a str>>(what: &str, text: &'a str) -> Result<T, ClientError> {
    T::try_from(text)
        .map_err(|_| ClientError::InvalidRequest(format!("it names something that is not {what}")))
}
