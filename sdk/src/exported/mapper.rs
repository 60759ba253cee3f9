//! The world `mapper`.

use super::{Exported, Stored, UNPREPARED, with};
use crate::{
    bindings::mapper::exports::patchbay::plugin::mapping::{Action, Event, Guest, Mapped, RoomPlan, Update},
    plugin::Mapper,
    types::{Opening, Room},
};

impl<P: Mapper + Stored> Guest for Exported<P> {
    fn from_matrix(event: Event, room: Room) -> Result<Mapped, String> {
        with(|plugin: Option<&P>| plugin.ok_or(UNPREPARED)?.from_matrix(event, room))
    }

    fn to_matrix(update: Update) -> Result<Vec<Action>, String> {
        with(|plugin: Option<&P>| plugin.ok_or(UNPREPARED)?.to_matrix(update))
    }

    fn plan_room(opening: Opening, room: Option<Room>) -> Result<RoomPlan, String> {
        with(|plugin: Option<&P>| plugin.ok_or(UNPREPARED)?.plan_room(opening, room))
    }
}

/// Makes a [`Mapper`](crate::Mapper) the component's exports. Once in a crate.
#[macro_export]
macro_rules! export_mapper {
    ($plugin:ty) => {
        $crate::export_piece!($plugin, mapper);
    };
}
