//! `PUT /_matrix/app/v1/transactions/{txnId}`: read, commit, answer. `{}` is said only after the commit; anything but
//! success makes the homeserver send the same again, for ever, and hold back all that comes after.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::IntoResponse,
};
use metrics::{Counter, Histogram, counter, histogram};
use patchbay_matrix::{Ephemeral, transaction};
use patchbay_storage::{NewEvent, Transaction, Unreadable};
use patchbay_types::{Millis, RegistrationId, RoomId};

use super::{
    Appservice,
    auth::{Caller, Registered},
    body::{self, BodyError},
    error::MatrixError,
};

/// A body up to this size is read where it arrives; a larger one would keep a serving thread for too long.
const SMALL: usize = 1 << 20;
/// So much of a body that is no transaction is kept: enough to see what it is.
const KEPT: usize = 1 << 20;
/// So much of a transaction's ID is kept. Homeservers use numbers.
const TXN_ID: usize = 255;

/// A registration's counters, made once: to look them up costs more than to read a small transaction.
#[derive(Debug)]
pub(super) struct Counters {
    kept: Counter,
    unreadable: Counter,
    too_large: Counter,
    incomplete: Counter,
    not_stored: Counter,
    events: Counter,
    duplicates: Counter,
    faults: Counter,
    ephemeral_dropped: Counter,
    seconds: Histogram,
}

/// What a body holds.
struct Read {
    transaction: Transaction,
    ephemeral: Vec<Ephemeral>,
}

pub(super) async fn put(
    State(appservice): State<Appservice>,
    Caller(registered): Caller,
    txn_id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, MatrixError> {
    let begun = Instant::now();
    let Path(txn_id) = txn_id.map_err(|_| MatrixError::InvalidPath)?;
    let bytes = body::read(&headers, body, appservice.body_limit, appservice.body_idle)
        .await
        .map_err(|error| refused(&registered, &txn_id, error))?;
    keep(&appservice, &registered, txn_id, bytes).await?;
    registered.counters.seconds.record(begun.elapsed());
    Ok(([(CONTENT_TYPE, "application/json")], "{}"))
}

#[tracing::instrument(
    name = "appservice.transaction", level = "debug", skip_all, fields(registration = %registered.id(), txn_id)
)]
async fn keep(
    appservice: &Appservice,
    registered: &Arc<Registered>,
    txn_id: String,
    bytes: Bytes,
) -> Result<(), MatrixError> {
    let counters = &registered.counters;
    let now = appservice.clock.now();
    let not_stored = |error: &(dyn std::error::Error + 'static)| {
        counters.not_stored.increment(1);
        tracing::error!(
            error,
            txn_id,
            "a transaction could not be stored: the homeserver will send it again"
        );
        MatrixError::NotStored
    };
    let read = if bytes.len() <= SMALL {
        read(registered.id(), &txn_id, now, &bytes)
    } else {
        let (id, txn_id) = (registered.id().clone(), txn_id.clone());
        let task = tokio::task::spawn_blocking(move || read(&id, &txn_id, now, &bytes));
        task.await.map_err(|error| not_stored(&error))?
    };
    let faults = read.transaction.events.iter().filter(|event| event.fault.is_some()).count();
    let is_readable = read.transaction.unreadable.is_none();
    if let Some(unreadable) = &read.transaction.unreadable {
        tracing::warn!(
            txn_id,
            reason = unreadable.reason,
            "a transaction cannot be read: it is parked as it came"
        );
    }
    #[cfg(feature = "sabotage")]
    let Some(read) = sabotaged(appservice, read) else { return Ok(()) };
    let accepted = appservice.store.accept(read.transaction).await.map_err(|error| not_stored(&error))?;
    if is_readable { &counters.kept } else { &counters.unreadable }.increment(1);
    counters.events.increment(accepted.stored);
    counters.duplicates.increment(accepted.duplicates);
    counters.faults.increment(faults as u64);
    for ephemeral in read.ephemeral {
        if appservice.ephemeral.try_send((registered.id().clone(), ephemeral)).is_err() {
            counters.ephemeral_dropped.increment(1);
        }
    }
    Ok(())
}

/// The transaction as it is to be kept; nothing if it is kept while the answer is on its way.
#[cfg(feature = "sabotage")]
fn sabotaged(appservice: &Appservice, read: Read) -> Option<Read> {
    use patchbay_storage::sabotage::Sabotage;
    if !Sabotage::EarlyAnswer.is_on() {
        return Some(read);
    }
    let store = appservice.store.clone();
    tokio::spawn(async move {
        // As a host does that writes behind.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        store.accept(read.transaction).await.ok()
    });
    None
}

fn read(registration: &RegistrationId, txn_id: &str, received_at: Millis, bytes: &[u8]) -> Read {
    let body = transaction::Body::new(bytes);
    let (events, ephemeral, unreadable) = match body.read(registration, txn_id) {
        Ok(read) => {
            let events = read.events.into_iter().map(|event| NewEvent {
                key: event.key.into_owned(),
                room_id: event.room_id.map(|room_id| RoomId::new(&*room_id)),
                body: event.raw.to_owned(),
                fault: event.fault.map(|fault| fault.to_string()),
            });
            (events.collect(), read.ephemeral.into_iter().flat_map(Ephemeral::read).collect(), None)
        }
        Err(reason) => {
            let raw = bytes.get(..KEPT).unwrap_or(bytes).to_vec();
            (Vec::new(), Vec::new(), Some(Unreadable { reason: reason.to_string(), raw }))
        }
    };
    let txn_id = txn_id.chars().take(TXN_ID).collect();
    let registration = registration.clone();
    Read { transaction: Transaction { registration, txn_id, received_at, events, unreadable }, ephemeral }
}

fn refused(registered: &Registered, txn_id: &str, error: BodyError) -> MatrixError {
    let registration = registered.id();
    match error {
        BodyError::TooLarge => {
            registered.counters.too_large.increment(1);
            tracing::error!(
                %registration, txn_id,
                "a transaction is larger than `limits.body`: the homeserver will send it for ever, and nothing else"
            );
            MatrixError::TooLarge
        }
        BodyError::Stalled | BodyError::CutOff => {
            registered.counters.incomplete.increment(1);
            tracing::warn!(%registration, txn_id, %error, "a transaction's body is incomplete");
            MatrixError::Incomplete
        }
    }
}

// === impl Counters ===

impl Counters {
    pub(super) fn new(registration: &RegistrationId) -> Self {
        let id = || registration.to_string();
        let outcome = |outcome: &'static str| counter!("patchbay_transactions_total", "registration" => id(), "outcome" => outcome);
        Self {
            kept: outcome("kept"),
            unreadable: outcome("unreadable"),
            too_large: outcome("too-large"),
            incomplete: outcome("incomplete"),
            not_stored: outcome("not-stored"),
            events: counter!("patchbay_events_total", "registration" => id()),
            duplicates: counter!("patchbay_duplicates_total", "registration" => id()),
            faults: counter!("patchbay_event_faults_total", "registration" => id()),
            ephemeral_dropped: counter!("patchbay_ephemeral_dropped_total", "registration" => id()),
            seconds: histogram!("patchbay_transaction_seconds", "registration" => id()),
        }
    }
}
