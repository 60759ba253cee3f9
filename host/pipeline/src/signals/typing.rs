//! Who has begun to type, and who has stopped: a homeserver says who is typing, all of them, whenever that changes.

use std::collections::{BTreeSet, HashMap};

use patchbay_types::{RegistrationId, RoomId, UserId};

/// Rooms in which somebody is typing.
const ROOMS: usize = 10_000;
/// People of one room.
const PEOPLE: usize = 16;

/// Who is typing where.
#[derive(Debug, Default)]
pub(super) struct Typing(HashMap<(RegistrationId, RoomId), BTreeSet<UserId>>);

// === impl Typing ===

impl Typing {
    /// These are typing now, and nobody else; answers who has begun (`true`) or stopped.
    pub(super) fn are(
        &mut self,
        registration: &RegistrationId,
        room: &RoomId,
        users: Vec<UserId>,
    ) -> Vec<(UserId, bool)> {
        let now: BTreeSet<UserId> = users.into_iter().take(PEOPLE).collect();
        let place = (registration.clone(), room.clone());
        let before = self.0.remove(&place).unwrap_or_default();
        let begun = now.difference(&before).map(|user| (user.clone(), true));
        let stopped = before.difference(&now).map(|user| (user.clone(), false));
        let changed = begun.chain(stopped).collect();
        if self.0.len() >= ROOMS {
            self.0.clear();
        }
        if !now.is_empty() {
            self.0.insert(place, now);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_begins_and_who_stops_is_told_of() {
        let mut typing = Typing::default();
        let mut are = |users: &[&str]| {
            let users = users.iter().map(|user| UserId::from(*user)).collect();
            let changed = typing.are(&"hs".into(), &"!a".into(), users);
            changed.into_iter().map(|(user, on)| format!("{user} {on}")).collect::<Vec<_>>()
        };
        assert_eq!(are(&["@a:h"]), ["@a:h true"]);
        assert_eq!(are(&["@a:h"]), [""; 0]);
        assert_eq!(are(&["@b:h"]), ["@b:h true", "@a:h false"]);
        assert_eq!(are(&[]), ["@b:h false"]);
        assert!(typing.0.is_empty());
    }
}
