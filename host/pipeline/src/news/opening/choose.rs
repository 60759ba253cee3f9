//! The room that a customer has already, if it will do; and the homeserver on which another one would be made.

use patchbay_storage::Conversation;
use patchbay_types::{RegistrationId, UserId, tenant::RoomsForTickets};

use super::{Begin, Seats};
use crate::{
    news::entry::Stop,
    room::RoomState,
    shared::{Shared, lock},
};

/// How a room would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// We or the customer are not in it, or it was replaced.
    Gone,
    /// Both are there.
    Good,
    /// And it leads to somebody whom no other room leads to.
    Bridge,
}

impl Begin<'_> {
    /// The customer's newest room in which no ticket of this adapter is open: two would make it unclear to which of them
    /// an answer goes. Behind a bridge there is but one room, so that is taken in any case.
    pub(super) async fn choose(&self, seats: &Seats) -> Result<Option<Conversation>, Stop> {
        let (shared, tenant) = (self.shared, &self.entry.tenant);
        let reuse = self.view.chain.config.rooms.for_tickets == RoomsForTickets::Reuse;
        let Some(customer) = seats.customers().next() else { return Ok(None) };
        for row in shared.store.conversations_of_customer(tenant, customer.as_str()).await? {
            if !self.may_have(&row.registration) {
                continue;
            }
            let room = shared.room(&row.registration, &row.room_id).await?;
            let fit = {
                let room = lock(&room);
                if room.tenant.as_ref() == Some(tenant) {
                    fit(shared, &row, &room.state, customer)
                } else {
                    Fit::Gone
                }
            };
            let free = async || {
                let tickets = shared.store.tickets(tenant, &row.id).await?;
                Ok::<_, Stop>(
                    !tickets.iter().any(|ticket| ticket.open && ticket.adapter == self.entry.adapter),
                )
            };
            if fit == Fit::Bridge || (fit == Fit::Good && reuse && free().await?) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The customer's own homeserver, or the first that the tenant may use.
    pub(super) fn registration(&self, seats: &Seats) -> Result<RegistrationId, Stop> {
        let server = seats.customers().next().and_then(UserId::server);
        let all = self.shared.registrations.values().filter(|r| self.may_have(&r.id));
        let home = all.clone().find(|r| Some(r.server_name.as_str()) == server);
        let none = || self.park("there is no homeserver on which this tenant may have a room");
        home.or_else(|| all.clone().next()).map(|r| r.id.clone()).ok_or_else(none)
    }

    fn may_have(&self, registration: &RegistrationId) -> bool {
        let claims = self.shared.claims.load();
        self.shared.homeservers.contains_key(registration)
            && claims.may_have(&self.entry.tenant, registration)
    }
}

fn fit(shared: &Shared, row: &Conversation, state: &RoomState, customer: &UserId) -> Fit {
    let is = |user: &str, membership: &[&str]| {
        state.members.get(user).is_some_and(|member| membership.contains(&member.membership.as_str()))
    };
    let ours = |user: &String| shared.is_ours(&row.registration, &user.as_str().into());
    let we_are_in = state.members.keys().any(|user| ours(user) && is(user, &["join"]));
    if state.replaced_by.is_some() || !we_are_in || is(customer.as_str(), &["leave", "ban"]) {
        Fit::Gone
    } else if state.network.is_some() {
        Fit::Bridge
    } else {
        Fit::Good
    }
}
