//! The world `router`.

use super::{Exported, Stored, UNPREPARED, with};
use crate::{
    bindings::router::exports::patchbay::plugin::routing::{Conversation, Decision, Guest},
    plugin::Router,
    types::{Message, Timestamp},
};

impl<P: Router + Stored> Guest for Exported<P> {
    fn decide(message: Message, conversation: Conversation, now: Timestamp) -> Result<Decision, String> {
        with(|plugin: Option<&P>| plugin.ok_or(UNPREPARED)?.decide(message, conversation, now))
    }
}

/// Makes a [`Router`](crate::Router) the component's exports. Once in a crate.
#[macro_export]
macro_rules! export_router {
    ($plugin:ty) => {
        $crate::export_piece!($plugin, router);
    };
}
