//! The room that a thing of the CRM is to have.

use patchbay_sdk::prelude::*;

use crate::settings::Settings;

/// Matrix allows more, clients show less.
const NAME: usize = 255;

/// A private room for everybody who has a seat, called what the CRM calls the thing, or else its customer. A room once
/// encrypted stays so.
pub(crate) fn plan(settings: &Settings, opening: Opening, room: Option<&Room>) -> RoomPlan {
    let customer = opening.seats.iter().find(|seat| seat.person.party == Party::Customer);
    let customer = customer.and_then(|seat| seat.person.display_name.as_deref()).unwrap_or_default();
    let name = if opening.name.trim().is_empty() { customer } else { opening.name.trim() };
    let level = |seat: Seat| {
        let power = settings.power(&seat.role);
        Level { person: seat.person, power }
    };
    RoomPlan {
        name: name.chars().take(NAME).collect(),
        topic: opening.topic.filter(|topic| !topic.trim().is_empty()),
        encrypted: room.map_or(settings.encrypt, |room| room.encrypted || settings.encrypt),
        read_only: opening.archived,
        levels: opening.seats.into_iter().map(level).collect(),
        state: Vec::new(),
    }
}
