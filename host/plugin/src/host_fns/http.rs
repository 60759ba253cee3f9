//! `http`: no host is granted yet, so each request is denied, as the contract lets it be.

use crate::{
    state::State,
    wit::patchbay::plugin::http::{Failure, Host, Request, Response},
};

impl Host for State {
    async fn send(&mut self, _: Request) -> wasmtime::Result<Result<Response, Failure>> {
        self.port_call()?;
        Ok(Err(Failure::Denied("not granted: this host has no way out yet".to_owned())))
    }

    fn forget(&mut self, _: String) -> wasmtime::Result<()> {
        self.port_call()
    }
}
