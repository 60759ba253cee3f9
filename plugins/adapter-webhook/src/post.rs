//! One envelope on its way: written once, signed, posted.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_sdk::{
    clock,
    http::{self, Request, Value, text},
    log,
    prelude::*,
    secrets::{self, Algorithm},
};

use crate::{
    envelope::{Envelope, Event},
    reply::Reply,
    settings::Settings,
};

/// Where the body of a signed text begins, and the text.
type Signed = (usize, Vec<u8>);

pub(crate) struct Poster<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) history: bool,
}

// === impl Poster ===

impl<'a> Poster<'a> {
    /// For what belongs to no call.
    pub(crate) fn once(settings: &'a Settings) -> Self {
        Self { settings, history: false }
    }

    /// Posts an effect. `id` names it in the journal and to the receiver.
    pub(crate) fn send(&self, id: &str, event: &Event) -> Result<Reply, Failure> {
        let request = self.posted(id, event)?.step(id);
        match event {
            // What is not there is no ticket: the address is wrong, or nobody takes envelopes behind it now.
            Event::ContactUpsert(_) | Event::TicketOpen(_) => finish_with(request, nobody),
            _ => finish(request),
        }
    }

    /// Posts what is not worth repeating.
    pub(crate) fn tell(&self, kind: &str, event: &Event) -> Result<Reply, Failure> {
        finish(self.posted(&format!("{kind}-{}", clock::now()), event)?)
    }

    /// Posts a file; nothing, where the host does not hand it out. Were that a failure, one picture would hold up everything
    /// that anybody says.
    pub(crate) fn upload(
        &self,
        id: &str,
        event: &Event,
        file: &Attachment,
    ) -> Result<Option<Reply>, Failure> {
        let seconds = clock::now() / 1000;
        let (at, signed) = self.write(id, seconds, event)?;
        let envelope = STANDARD.encode(signed.get(at..).unwrap_or_default());
        let request = self.headed(id, seconds, &signed)?.header("patchbay-envelope", envelope);
        match request.file(file).step(id).send() {
            Err(http::Error::Denied(why)) => {
                log::warn(&format!("a file is not sent: {why}"));
                Ok(None)
            }
            sent => Ok(Some(Reply::read(&sent.map_err(http::Error::gone)?.body))),
        }
    }

    fn posted(&self, id: &str, event: &Event) -> Result<Request, Failure> {
        let seconds = clock::now() / 1000;
        let (at, mut signed) = self.write(id, seconds, event)?;
        let request = self.headed(id, seconds, &signed)?;
        signed.drain(..at);
        Ok(request.bytes("application/json", signed))
    }

    /// `id.timestamp.body`.
    fn write(&self, id: &str, seconds: u64, event: &Event) -> Result<Signed, Failure> {
        let mut signed = format!("{id}.{seconds}.").into_bytes();
        let at = signed.len();
        let envelope = Envelope { id, history: self.history, event };
        serde_json::to_writer(&mut signed, &envelope)
            .map_err(|error| Failure::rejected(error.to_string()))?;
        Ok((at, signed))
    }

    fn headed(&self, id: &str, seconds: u64, signed: &[u8]) -> Result<Request, Failure> {
        let signature = secrets::sign(Algorithm::HmacSha256, &self.settings.secret, signed)?;
        let signature = text("v1,").then(STANDARD.encode(signature));
        let request = http::post(&self.settings.url)
            .header("webhook-id", id)
            .header("webhook-timestamp", Value::from(seconds))
            .header("webhook-signature", signature)
            .header("idempotency-key", id);
        Ok(self.settings.authorised(request))
    }
}

fn finish(request: Request) -> Result<Reply, Failure> {
    finish_with(request, http::Error::gone)
}

fn finish_with(request: Request, failed: impl Fn(http::Error) -> Failure) -> Result<Reply, Failure> {
    let response = request.send().map_err(failed)?;
    Ok(Reply::read(&response.body))
}

fn nobody(error: http::Error) -> Failure {
    if error.is_missing() {
        return Failure::unavailable(format!("nobody takes envelopes at the settings' `url`: it {error}"));
    }
    error.into()
}
