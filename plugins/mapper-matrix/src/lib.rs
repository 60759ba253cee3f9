//! Matrix events to the shared message form, and back. It is total: any event of any room gives a message or a reason
//! why there is none, whatever its content looks like.

mod from_matrix;
mod lenient;
mod plan_room;
mod settings;
mod to_matrix;

use patchbay_sdk::prelude::*;

use crate::{from_matrix::Source, settings::Settings};

/// The mapper.
pub struct MatrixMapper(Settings);

impl Plugin for MatrixMapper {
    type Settings = Settings;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        settings.check()?;
        let mapper = Self(settings);
        mapper.rehearse();
        Ok(mapper)
    }
}

impl Mapper for MatrixMapper {
    fn from_matrix(&self, event: Event, room: Room) -> Result<Mapped, String> {
        let source = Source { event, people: &room.people };
        Ok(source.map(self.0.threads).map_or_else(Mapped::Ignore, Mapped::Message))
    }

    fn to_matrix(&self, update: Update) -> Result<Vec<Action>, String> {
        to_matrix::actions(&self.0.notices, update)
    }

    fn plan_room(&self, opening: Opening, room: Option<Room>) -> Result<RoomPlan, String> {
        Ok(plan_room::plan(&self.0, opening, room.as_ref()))
    }
}

impl MatrixMapper {
    /// One event through everything that is common, so that what is allocated on first use is in the image.
    fn rehearse(&self) {
        let content = r#"{"msgtype":"m.text","body":"a","format":"org.matrix.custom.html","formatted_body":"<b>a</b>"}"#;
        let event = Event {
            event_id: "$rehearsal".to_owned(),
            sender: settings::nobody(),
            event_type: "m.room.message".to_owned(),
            state_key: None,
            origin_server_ts: 0,
            content: content.to_owned(),
            encryption: Encryption::Clear,
            related: None,
        };
        // Only that it ran matters here.
        drop(Source { event, people: &[] }.map(self.0.threads));
    }
}

patchbay_sdk::schema_by_hand!(Settings, include_str!("../settings.schema.json"));
patchbay_sdk::export_mapper!(MatrixMapper);
