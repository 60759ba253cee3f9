//! Under which names we act: whether a user is one of ours, and who speaks for a person outside Matrix.

use patchbay_plugin::{Chain, types::Person};
use patchbay_storage::NewAction;
use patchbay_types::{RegistrationId, RoomId, TenantId, UserId};

use crate::{
    payload::{Act, ActionPayload, ActionV1, Author},
    shared::Shared,
};

/// The attribute of a person that is the adapter's handle of their picture.
const AVATAR: &str = "avatar";
/// Longer display names are cut.
const NAME: usize = 255;

// === impl Shared ===

impl Shared {
    /// Whether a user is the bot or a ghost of this registration.
    pub(crate) fn is_ours(&self, registration: &RegistrationId, user: &UserId) -> bool {
        self.homeservers.get(registration).is_some_and(|homeserver| homeserver.ghosts.is_ours(user))
    }

    /// The tenant whose ghost this is.
    pub(crate) fn ghost_of(&self, registration: &RegistrationId, user: &UserId) -> Option<TenantId> {
        let ghost = self.homeservers.get(registration)?.ghosts.ghost_of(user)?;
        self.chains.get(&ghost.tenant).map(|chain| chain.tenant.clone())
    }

    /// One of our own users as an author; the bot needs none.
    pub(crate) fn author_of(&self, registration: &RegistrationId, user: &str) -> Option<Author> {
        let homeserver = self.homeservers.get(registration)?;
        let user_id = user.to_owned();
        (homeserver.ghosts.bot().as_str() != user).then_some(Author {
            user_id,
            display_name: None,
            avatar: None,
        })
    }

    /// The ghost of a person, and how it is to be called. A person without a name that the host could make a ghost of
    /// is spoken for by the ghost of their identifier.
    pub(crate) fn ghost(
        &self,
        registration: &RegistrationId,
        tenant: &TenantId,
        person: &Person,
        chain: &Chain,
    ) -> Author {
        let ghost =
            self.homeservers.get(registration).map(|homeserver| homeserver.ghosts.ghost(tenant, &person.id));
        let avatar = person.attributes.iter().find(|attribute| attribute.key == AVATAR);
        Author {
            user_id: ghost.map(|user| user.to_string()).unwrap_or_default(),
            display_name: shown(person, chain),
            avatar: avatar.map(|attribute| attribute.value.clone()),
        }
    }

    /// An action to be stored, caused by `source`: an event, or an entry that the adapter `teller` told. Its transaction
    /// ID depends on both and on who acts, so that it is the same on every attempt, and not the same for two adapters
    /// or two ghosts.
    pub(crate) fn new_action(
        &self,
        tenant: &TenantId,
        (registration, room): (&RegistrationId, &RoomId),
        (teller, source, ordinal): (&str, &str, u32),
        author: Option<Author>,
        act: Act,
    ) -> NewAction {
        let speaker = author.as_ref().map_or("", |author| author.user_id.as_str());
        let ordinal_text = ordinal.to_string();
        let txn_id = crate::keys::transaction([
            tenant.as_str(),
            room.as_str(),
            teller,
            source,
            &ordinal_text,
            speaker,
        ]);
        NewAction {
            id: self.store.next_action_id(),
            tenant: tenant.clone(),
            registration: registration.clone(),
            room_id: room.clone(),
            source: source.to_owned(),
            ordinal,
            txn_id,
            payload: ActionPayload::V1(ActionV1 { author, act, files: Vec::new() }).to_json(),
            origin: None,
            not_before: 0,
        }
    }
}

/// How a person of the CRM is called in Matrix.
pub(crate) fn shown(person: &Person, chain: &Chain) -> Option<String> {
    let suffix = chain.config.matrix.ghost_suffix.as_deref().unwrap_or_default();
    let name = person.display_name.as_ref()?;
    Some(format!("{name}{suffix}").chars().filter(|c| !c.is_control()).take(NAME).collect())
}
