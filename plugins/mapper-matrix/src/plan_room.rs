//! The room that a thing of the CRM is to have.

use patchbay_sdk::prelude::*;

use crate::settings::Settings;

/// Matrix allows more, clients show less.
const NAME: usize = 255;

/// A room once encrypted stays so.
pub(crate) fn plan(settings: &Settings, opening: Opening, room: Option<&Room>) -> RoomPlan {
    let level = |seat: Seat| {
        let power = settings.power(&seat.role);
        Level { person: seat.person, power }
    };
    RoomPlan {
        name: opening.name.chars().take(NAME).collect(),
        topic: opening.topic,
        encrypted: room.map_or(settings.encrypt, |room| room.encrypted || settings.encrypt),
        read_only: opening.archived,
        levels: opening.seats.into_iter().map(level).collect(),
        state: Vec::new(),
    }
}
