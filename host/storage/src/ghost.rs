//! Ghosts: Matrix users that the host made for people outside Matrix.

use patchbay_types::{Millis, RegistrationId, UserId};
use serde::Serialize;

/// A Matrix user that we made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ghost {
    /// The registration it was made with.
    pub registration: RegistrationId,
    /// The user.
    pub user_id: UserId,
    /// The device it sends with.
    pub device_id: Option<String>,
    /// The name that it has now.
    pub display_name: Option<String>,
    /// When that was last changed.
    pub at: Millis,
}
