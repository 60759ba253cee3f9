//! `secrets`: none is granted yet, so nothing verifies and nothing is signed.

use crate::{
    state::State,
    wit::patchbay::plugin::secrets::{Algorithm, Host},
};

impl Host for State {
    fn verify(&mut self, _: Algorithm, _: String, _: Vec<u8>, _: Vec<u8>) -> wasmtime::Result<bool> {
        self.port_call()?;
        Ok(false)
    }

    fn sign(&mut self, _: Algorithm, _: String, _: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, String>> {
        self.port_call()?;
        Ok(Err("not granted".to_owned()))
    }
}
