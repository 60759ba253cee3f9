//! Who is meant by a user ID in one room.

use std::sync::Arc;

use patchbay_types::RegistrationId;

use crate::{
    html::mentions::Names,
    shared::{RoomEntry, Shared, View, lock},
};

/// One room's people.
pub(crate) struct Here<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) view: &'a View,
    pub(crate) registration: &'a RegistrationId,
    pub(crate) room: Arc<std::sync::Mutex<RoomEntry>>,
}

impl Names for Here<'_> {
    /// A ghost's name is that of whoever speaks through it.
    fn name(&self, user: &str) -> Option<String> {
        let name = lock(&self.room).state.members.get(user)?.name.clone()?;
        let suffix = self.view.chain.config.matrix.ghost_suffix.as_deref().filter(|_| self.is_ours(user));
        Some(suffix.and_then(|suffix| name.strip_suffix(suffix)).unwrap_or(&name).to_owned())
    }

    fn is_ours(&self, user: &str) -> bool {
        self.shared.is_ours(self.registration, &user.into())
    }
}
