//! A ghost's own account: made on demand, with a device and a name.

use patchbay_types::UserId;
use ruma::{
    OwnedDeviceId, OwnedMxcUri,
    api::client::{
        account::{register, whoami},
        device::update_device,
        profile::set_profile_field,
        session::login,
        uiaa::{MatrixUserIdentifier, UserIdentifier},
    },
    profile::ProfileFieldValue,
};

use super::Intent;
use crate::error::ClientError;

impl Intent {
    /// Makes the account, unless it is there. Call it before the ghost first acts; again is harmless.
    ///
    /// # Errors
    /// `M_EXCLUSIVE` where the name is not in our namespace; see [`ClientError`].
    pub async fn register(&self) -> Result<(), ClientError> {
        let mut request = register::v3::Request::new();
        request.username = Some(self.user.localpart().to_owned());
        request.login_type = Some(register::LoginType::ApplicationService);
        request.inhibit_login = true;
        match self.client.call(request, None).await {
            Ok(_) => Ok(()),
            Err(ClientError::Rejected { errcode, .. }) if errcode == "M_USER_IN_USE" => Ok(()),
            // Some answers are 400 although the user was made: whether we can act as it decides.
            Err(error @ ClientError::Rejected { status: 400, .. }) => match self.whoami().await {
                Ok(user) if user.as_str() == self.user.as_str() => Ok(()),
                Err(later) if later.is_transient() => Err(later),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Makes the device, unless it is there, and acts with it from now on. Answers whether there is one: where the
    /// homeserver has no way to make it, the ghost goes on without.
    ///
    /// # Errors
    /// When the homeserver could not be asked; then nothing has changed.
    pub async fn make_device(&mut self, device: &str) -> Result<bool, ClientError> {
        let id = OwnedDeviceId::from(device);
        // Without a device yet: one that does not exist may not be named.
        let plain = Self { device: None, ..self.clone() };
        let made = match plain.call(update_device::v3::Request::new(id.clone())).await {
            Ok(_) => true,
            Err(error) if error.is_transient() => return Err(error),
            // A homeserver before MSC4190: a login makes one as well. The token that it answers is not needed.
            Err(_) => match self.client.call(plain.login(id.clone()), None).await {
                Ok(_) => true,
                Err(error) if error.is_transient() => return Err(error),
                Err(_) => false,
            },
        };
        self.device = made.then_some(id);
        Ok(made)
    }

    /// Sets the display name.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_display_name(&self, name: &str) -> Result<(), ClientError> {
        let name = ProfileFieldValue::DisplayName(name.to_owned());
        let request = set_profile_field::v3::Request::new(self.user.clone(), name);
        self.call(request).await.map(drop)
    }

    /// Sets the picture, by its `mxc://` address.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_avatar(&self, mxc: &str) -> Result<(), ClientError> {
        let picture = ProfileFieldValue::AvatarUrl(OwnedMxcUri::from(mxc));
        let request = set_profile_field::v3::Request::new(self.user.clone(), picture);
        self.call(request).await.map(drop)
    }

    /// Who the homeserver takes us for.
    ///
    /// # Errors
    /// `Forbidden` where the user is not registered or not ours, `UnknownDevice` where the device is gone.
    pub async fn whoami(&self) -> Result<UserId, ClientError> {
        let answer = self.call(whoami::v3::Request::new()).await?;
        Ok(UserId::from(answer.user_id.as_str()))
    }

    fn login(&self, device: OwnedDeviceId) -> login::v3::Request {
        let user = UserIdentifier::Matrix(MatrixUserIdentifier::from(&self.user));
        let info = login::v3::LoginInfo::ApplicationService(login::v3::ApplicationService::new(user));
        let mut request = login::v3::Request::new(info);
        request.device_id = Some(device);
        request
    }
}
