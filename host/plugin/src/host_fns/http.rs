//! `http`: outbound requests behind the call's port. Without a port each one is denied.

use crate::{
    state::State,
    wit::patchbay::plugin::http::{Failure, Host, Request, Response},
};

impl Host for State {
    async fn send(&mut self, mut request: Request) -> wasmtime::Result<Result<Response, Failure>> {
        self.port_call()?;
        request.timeout = Some(self.time_for_a_request(request.timeout));
        let asked = self.ports.record.is_some().then(|| request.clone());
        let answer = match &mut self.ports.http {
            Some(http) => http.send(request).await,
            None => {
                Err(Failure::Denied("not granted: say under `grants.http` what may be called".to_owned()))
            }
        };
        if let Some(asked) = asked {
            self.ports.note_request(&asked, &answer);
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

impl State {
    /// Milliseconds that a request may take: what was asked for, as long as the guest then has time left to say what
    /// happened. A target that hangs is the target's failure, and must not end the call as the guest's fault.
    fn time_for_a_request(&self, asked: Option<u32>) -> u32 {
        let left = self.bounds.time.saturating_sub(self.started.elapsed());
        let left = left.saturating_sub(self.bounds.time / 10);
        let left = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        asked.map_or(left, |asked| asked.min(left))
    }
}
