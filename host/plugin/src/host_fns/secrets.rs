//! `secrets`: behind the call's port. Without a port nothing verifies and nothing is signed.

use crate::{
    state::State,
    wit::patchbay::plugin::secrets::{Algorithm, Host},
};

impl Host for State {
    fn verify(
        &mut self,
        algorithm: Algorithm,
        secret: String,
        data: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<bool> {
        self.port_call()?;
        let port = self.ports.secrets.as_mut();
        let right = port.is_some_and(|secrets| secrets.verify(algorithm, &secret, &data, &signature));
        self.ports.note("secrets.verify", &(algorithm, &secret), &right);
        Ok(right)
    }

    fn sign(
        &mut self,
        algorithm: Algorithm,
        secret: String,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        self.port_call()?;
        let answer = match &mut self.ports.secrets {
            Some(secrets) => secrets.sign(algorithm, &secret, &data),
            None => Err("not granted: say under `grants.secrets` which may be used".to_owned()),
        };
        self.ports.note("secrets.sign", &(algorithm, &secret), &answer);
        Ok(answer)
    }
}
