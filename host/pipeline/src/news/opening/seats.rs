//! Who is to be in the room, as Matrix knows them. A CRM names its own people by its own identifiers: whom we once brought
//! there is known by theirs; anybody else has to be named by a Matrix user ID.

use patchbay_plugin::types::{Opening, Party, Person, Seat};
use patchbay_types::UserId;

use super::Begin;
use crate::news::entry::Stop;

/// The most people that one opening may name.
const SEATS: usize = 64;

/// The people of an opening, in its order.
pub(super) struct Seats(Vec<Sits>);

struct Sits {
    seat: Seat,
    /// None: a ghost speaks for them.
    user: Option<UserId>,
    customer: bool,
}

impl Begin<'_> {
    /// # Errors
    /// Where there are too many, no customer, or one of whom Matrix knows nothing.
    pub(super) async fn seats(&self, opening: &Opening) -> Result<Seats, Stop> {
        if opening.seats.len() > SEATS {
            let many = opening.seats.len();
            return Err(self.park(format!("the opening names {many} people; {SEATS} are the most")));
        }
        let mut all = Vec::with_capacity(opening.seats.len());
        for seat in &opening.seats {
            let customer = seat.role == "customer" || seat.person.party == Party::Customer;
            let user = self.user(&seat.person).await?;
            if customer && user.is_none() {
                let id = seat.person.remote.as_deref().unwrap_or(&seat.person.id);
                return Err(self.park(format!(
                    "the customer `{id}` is nowhere known in Matrix: they have not written to us, and the CRM names no \
                     Matrix user ID"
                )));
            }
            let mut seat = seat.clone();
            // What plugins other than the adapter see of a person is the tenant's identifier, never the CRM's.
            seat.person.remote = None;
            if let Some(user) = &user {
                seat.person.id = user.to_string();
            }
            all.push(Sits { seat, user, customer });
        }
        if !all.iter().any(|sits| sits.customer) {
            return Err(self.park("the opening names no customer: there is nobody to make a room for"));
        }
        Ok(Seats(all))
    }

    /// A person's own Matrix user.
    async fn user(&self, person: &Person) -> Result<Option<UserId>, Stop> {
        let (tenant, adapter, store) = (&self.entry.tenant, &self.entry.adapter, &self.shared.store);
        let mut known = Vec::new();
        if let Some(remote) = &person.remote {
            known = store.persons_of_remote(tenant, adapter, remote).await?;
            known.retain(|id| self.is_user(id));
        }
        let mut newest = None;
        if known.len() > 1 {
            // The CRM merged several of ours into one: whoever spoke last is to be reached.
            for id in &known {
                let spoke = store.conversations_of_customer(tenant, id).await?;
                let at = spoke.first().map(|row| row.last_at);
                newest = newest.max(at.map(|at| (at, id.clone())));
            }
        }
        let named = Some(&person.id).filter(|id| self.is_user(id)).cloned();
        let user = newest.map(|(_, id)| id).or_else(|| known.into_iter().next()).or(named);
        Ok(user.map(UserId::from))
    }

    /// Whether it names a Matrix user who is none of ours.
    pub(super) fn is_user(&self, id: &str) -> bool {
        let user = UserId::from(id);
        id.starts_with('@')
            && id.len() <= 255
            && user.server().is_some_and(|server| !server.is_empty())
            && !self.shared.homeservers.values().any(|homeserver| homeserver.ghosts.is_ours(&user))
    }
}

// === impl Seats ===

impl Seats {
    /// The opening as a mapper sees it.
    pub(super) fn shown(&self, opening: Opening) -> Opening {
        Opening { seats: self.0.iter().map(|sits| sits.seat.clone()).collect(), ..opening }
    }

    /// The first customer.
    pub(super) fn customer(&self) -> Option<&Person> {
        self.0.iter().find(|sits| sits.customer).map(|sits| &sits.seat.person)
    }

    /// The customers' Matrix users.
    pub(super) fn customers(&self) -> impl Iterator<Item = &UserId> {
        self.0.iter().filter(|sits| sits.customer).filter_map(|sits| sits.user.as_ref())
    }
}
