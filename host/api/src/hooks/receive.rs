//! A request at a door: bounded, shown to the adapter, kept, answered, in this order. What the adapter wants is on disk
//! before the sender hears of it; so is what the adapter could not be asked about.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER, request::Parts},
    response::{IntoResponse as _, Response},
};
use patchbay_plugin::webhooks::{Answer, Webhook};
use patchbay_storage::Unasked;
use patchbay_types::Millis;
use tokio::time::timeout;

use super::{
    Hooks, ROUTE, answer,
    door::{Outcome, Place, Watched},
    ports::{Arrived, Asked, Door},
    webhook,
};
use crate::appservice::body::{self, BodyError};

/// The contract's promise to whoever sends: some give up after a second.
const ANSWERED: Duration = Duration::from_millis(300);
/// A body has so long to come, and may stand still for so long.
const BODY: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(5);

/// Webhooks of one door that wait for their adapter to be asked about them, and their bytes.
const UNASKED: u64 = 1_000;
const UNASKED_BYTES: u64 = 64 << 20;

/// A request that showed a right token.
struct Visit<'a> {
    hooks: &'a Hooks,
    place: &'a Place,
    door: &'a Door,
    at: Millis,
}

pub(super) async fn receive(
    State(hooks): State<Hooks>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let opened = path.ok().and_then(|Path((tenant, adapter, token))| hooks.open(&tenant, &adapter, &token));
    let Some((place, door)) = opened else { return nowhere() };
    let watched = hooks.watched(&place);
    let visit = Visit { hooks: &hooks, place: &place, door: &door, at: hooks.0.deps.clock.now() };
    let (outcome, response) = visit.bounded(&watched, request).await;
    let took = begun.elapsed();
    watched.count(outcome, visit.at, took);
    tracing::debug!(
        route = ROUTE, tenant = %place.0, adapter = %place.1, outcome = outcome.as_str(),
        status = response.status().as_u16(), ?took, "a webhook came"
    );
    response
}

/// What everybody is told who does not know a door's token.
pub(crate) fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

// === impl Visit ===

impl Visit<'_> {
    /// Everything that is asked of a request before a component sees it.
    async fn bounded(&self, watched: &Watched, request: Request) -> (Outcome, Response) {
        if let Err(wait) = watched.admit() {
            return (Outcome::TooMany, later(StatusCode::TOO_MANY_REQUESTS, wait));
        }
        let (Some(_here), Ok(_anywhere)) = (watched.enter(), self.hooks.0.under_way.try_acquire()) else {
            return (Outcome::Busy, later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(1)));
        };
        let (parts, body) = request.into_parts();
        if !webhook::is_bounded(&parts) {
            return (Outcome::LargeHead, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response());
        }
        match self.body(&parts, body).await {
            Ok(body) => self.whole(&parts, body).await,
            Err(BodyError::TooLarge) => (Outcome::TooLarge, StatusCode::PAYLOAD_TOO_LARGE.into_response()),
            Err(BodyError::Stalled | BodyError::CutOff) => {
                (Outcome::Incomplete, StatusCode::REQUEST_TIMEOUT.into_response())
            }
        }
    }

    async fn body(&self, parts: &Parts, body: Body) -> Result<Vec<u8>, BodyError> {
        let limit = usize::try_from(self.hooks.0.deps.config.body.0).unwrap_or(usize::MAX);
        let read = timeout(BODY, body::read(&parts.headers, body, limit, IDLE)).await;
        Ok(read.map_err(|_| BodyError::Stalled)??.into())
    }

    /// A whole request within all bounds.
    async fn whole(&self, parts: &Parts, body: Vec<u8>) -> (Outcome, Response) {
        let (tenant, adapter) = self.place;
        let delivery = webhook::delivery(&self.door.delivery_id, &parts.headers);
        if let Some(key) = &delivery {
            match self.hooks.0.deps.store.hook_known(tenant, adapter, key).await {
                Ok(true) => return (Outcome::Known, StatusCode::OK.into_response()),
                Ok(false) => {}
                // To ask the adapter twice is harmless, and the database says so again when it is to keep it.
                Err(error) => tracing::warn!(%tenant, %adapter, %error, "a webhook cannot be looked up"),
            }
        }
        let webhook = Arc::new(webhook::webhook(&self.hooks.0.base, parts, body));
        let asked = Asked {
            tenant: tenant.clone(),
            adapter: adapter.clone(),
            webhook: Arc::clone(&webhook),
            delivery: delivery.clone(),
            at: self.at,
            within: ANSWERED,
        };
        match self.hooks.0.deps.reception.ask(asked).await {
            Ok(heard) if heard.answer.keep => {
                let arrived =
                    Arrived { trace: heard.trace, ..self.arrived(webhook::key(delivery.as_ref()), webhook) };
                self.keep(arrived, heard.answer, Outcome::Kept).await
            }
            Ok(heard) => (Outcome::Refused, answer::response(heard.answer)),
            Err(_) if self.is_full().await => {
                tracing::warn!(%tenant, %adapter, "an adapter could not be asked about a webhook, and too many wait for that");
                (Outcome::Busy, later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(60)))
            }
            Err(unheard) => {
                tracing::warn!(
                    %tenant, %adapter, reason = unheard.reason,
                    "an adapter could not be asked about a webhook: it is kept, and asked about later"
                );
                let key = webhook::unasked_key(delivery.as_ref(), &webhook);
                let unasked = Some(Unasked { delivery });
                let arrived = Arrived { unasked, trace: unheard.trace, ..self.arrived(key, webhook) };
                let silent = Answer { keep: true, status: 200, headers: Vec::new(), body: Vec::new() };
                self.keep(arrived, silent, Outcome::Unheard).await
            }
        }
    }

    /// Whether no more may be kept of which nobody knows whether they are forged: whoever has the URL can send some.
    async fn is_full(&self) -> bool {
        let (tenant, adapter) = self.place;
        let held = self.hooks.0.deps.store.hooks_unasked(tenant, adapter).await;
        held.is_ok_and(|(count, bytes)| count >= UNASKED || bytes >= UNASKED_BYTES)
    }

    fn arrived(&self, key: String, webhook: Arc<Webhook>) -> Arrived {
        let (tenant, adapter) = self.place.clone();
        Arrived { tenant, adapter, key, unasked: None, webhook, at: self.at, trace: Vec::new() }
    }

    /// On disk first, then answered.
    async fn keep(&self, arrived: Arrived, answer: Answer, outcome: Outcome) -> (Outcome, Response) {
        match self.hooks.0.deps.reception.keep(arrived).await {
            Ok(true) => (outcome, answer::response(answer)),
            // It came twice at once.
            Ok(false) => (Outcome::Known, answer::response(answer)),
            Err(error) => {
                let (tenant, adapter) = self.place;
                tracing::error!(%tenant, %adapter, %error, "a webhook could not be stored: its sender is to send it again");
                (Outcome::NotStored, later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(5)))
            }
        }
    }
}

/// Come again after `wait`, in whole seconds.
pub(crate) fn later(status: StatusCode, wait: Duration) -> Response {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let mut response = status.into_response();
    if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}
