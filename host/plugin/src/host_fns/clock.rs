//! `clock`: the time of the call, the same from its first instruction to its last.

use crate::{state::State, wit::patchbay::plugin::clock::Host};

impl Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.port_call()?;
        self.ports.note("clock.now", &(), &self.ports.now);
        Ok(self.ports.now)
    }
}
