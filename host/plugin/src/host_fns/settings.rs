//! `settings`: the tenant's settings for this plugin instance, as JSON text.

use crate::{state::State, wit::patchbay::plugin::settings::Host};

impl Host for State {
    fn get(&mut self) -> wasmtime::Result<String> {
        self.host_call()?;
        Ok(self.settings.as_ref().to_owned())
    }
}
