//! `http`: outbound requests behind the call's port. Without a port each one is denied.

use crate::{
    state::State,
    wit::patchbay::plugin::http::{Failure, Host, Request, Response},
};

impl Host for State {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Failure>> {
        self.port_call()?;
        let asked = self.ports.record.is_some().then(|| request.clone());
        let answer = match &mut self.ports.http {
            Some(http) => http.send(request).await,
            None => {
                Err(Failure::Denied("not granted: say under `grants.http` what may be called".to_owned()))
            }
        };
        if let Some(asked) = asked {
            self.ports.note("http.send", &(asked,), &answer);
        }
        Ok(answer)
    }

    async fn forget(&mut self, step: String) -> wasmtime::Result<()> {
        self.port_call()?;
        self.ports.note("http.forget", &(&step,), &());
        if let Some(http) = &mut self.ports.http {
            http.forget(step).await;
        }
        Ok(())
    }
}
