//! Who takes part: tenants, their rooms, the users in them. Made from a seed, so that a run can be repeated.

use std::sync::Arc;

use rand::{Rng, SeedableRng, rngs::SmallRng};

/// Everyone and everything that a run is about.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The homeserver's name.
    pub server: Arc<str>,
    /// All rooms; a tenant's are spread evenly among them.
    pub rooms: Vec<Arc<Room>>,
}

/// A room and whose it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Room {
    /// A room ID of room version 12, which has no server part.
    pub id: Arc<str>,
    /// The tenant that the host's configuration links it to.
    pub tenant: Arc<str>,
    /// Those who write in it.
    pub users: Vec<Arc<str>>,
}

/// How many of each.
#[derive(Debug, Clone)]
pub struct CastSize {
    /// The tenants' names.
    pub tenants: Vec<String>,
    /// Rooms, over all tenants.
    pub rooms: usize,
    /// Users, over all rooms.
    pub users: usize,
}

// === impl Cast ===

impl Cast {
    /// A cast of this size. The same seed gives the same identifiers.
    #[must_use]
    pub fn new(seed: u64, server: &str, size: &CastSize) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let users: Vec<Arc<str>> =
            (0..size.users.max(1)).map(|n| format!("@user{n}:{server}").into()).collect();
        let tenants: Vec<Arc<str>> = size.tenants.iter().map(|name| name.as_str().into()).collect();
        let rooms = tenants
            .iter()
            .cycle()
            .take(size.rooms)
            .map(|tenant| {
                let id = format!("!{}", opaque(&mut rng)).into();
                let wanted = rng.random_range(1..=3);
                let users = (0..wanted).filter_map(|_| pick(&mut rng, &users).cloned()).collect();
                Arc::new(Room { id, tenant: Arc::clone(tenant), users })
            })
            .collect();
        Self { server: server.into(), rooms }
    }

    /// The same cast, split over `parts` senders by room, so that each room has one sender and its order a meaning.
    #[must_use]
    pub fn split(&self, parts: usize) -> Vec<Self> {
        let parts = parts.max(1);
        (0..parts)
            .map(|part| Self {
                server: Arc::clone(&self.server),
                rooms: self.rooms.iter().skip(part).step_by(parts).cloned().collect(),
            })
            .collect()
    }

    /// The rooms of one tenant.
    pub fn rooms_of<'a>(&'a self, tenant: &'a str) -> impl Iterator<Item = &'a Arc<Room>> {
        self.rooms.iter().filter(move |room| &*room.tenant == tenant)
    }
}

/// One of them, or nothing where there are none.
pub(crate) fn pick<'a, T>(rng: &mut SmallRng, of: &'a [T]) -> Option<&'a T> {
    (!of.is_empty()).then(|| rng.random_range(0..of.len())).and_then(|n| of.get(n))
}

/// 43 characters as in event and room IDs: 32 bytes in unpadded URL-safe Base64.
pub(crate) fn opaque(rng: &mut SmallRng) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..43).filter_map(|_| ALPHABET.get(rng.random_range(0..64)).map(|&byte| char::from(byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast() -> Cast {
        Cast::new(1, "load.example", &CastSize { tenants: vec!["a".into(), "b".into()], rooms: 10, users: 4 })
    }

    #[test]
    fn tenants_share_the_rooms_evenly_and_a_seed_repeats() {
        assert_eq!(cast().rooms_of("a").count(), 5);
        assert_eq!(cast().rooms, cast().rooms);
    }

    #[test]
    fn a_room_has_one_sender_when_the_cast_is_split() {
        let parts = cast().split(3);
        let mut ids: Vec<_> = parts.iter().flat_map(|part| &part.rooms).map(|room| room.id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((parts.len(), ids.len()), (3, 10));
    }
}
