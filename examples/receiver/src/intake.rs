//! `POST /`: one envelope.

use std::{io, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::stream;
use serde_json::{Value, json};

use crate::{Receiver, behaviour::Failing, books::Undone, signature};

pub(crate) async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let delay = receiver.behaviour().delay_ms;
    tokio::time::sleep(Duration::from_millis(delay)).await;
    let failing = receiver.behaviour().next_failure();
    match failing {
        Some(failing) if failing.done => {
            // Only its answer is lost.
            drop(answer(&receiver, &headers, &body));
            fail(&failing)
        }
        Some(failing) => fail(&failing),
        None => answer(&receiver, &headers, &body),
    }
}

fn answer(receiver: &Receiver, headers: &HeaderMap, body: &[u8]) -> Response {
    let refuse = |status: StatusCode, why: &str| (status, Json(json!({ "error": why }))).into_response();
    // A file's envelope is in a header; the body is the file.
    let envelope = headers.get("patchbay-envelope").map(|value| STANDARD.decode(value).unwrap_or_default());
    let signed = envelope.as_deref().unwrap_or(body);
    let id = match signature::verify(&receiver.key, headers, signed) {
        Ok(id) => id,
        Err(why) => return refuse(StatusCode::UNAUTHORIZED, &why),
    };
    let Ok(envelope) = serde_json::from_slice::<Value>(signed) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or(id);
    let (honour, with_ids) = {
        let behaviour = receiver.behaviour();
        (behaviour.honour_keys, behaviour.answer_ids)
    };
    let mut books = receiver.books();
    let before = books.answered(key).filter(|_| honour).cloned();
    let done = before.map_or_else(|| books.take(&envelope), Ok);
    match done {
        Ok(answer) => Json(if with_ids { answer } else { json!({}) }).into_response(),
        Err(Undone::NoSuchTicket) => refuse(StatusCode::NOT_FOUND, "there is no such ticket"),
        Err(Undone::NoEnvelope) => refuse(StatusCode::UNPROCESSABLE_ENTITY, "this is no envelope"),
        Err(Undone::Unwritten) => refuse(StatusCode::SERVICE_UNAVAILABLE, "the log cannot be written"),
    }
}

fn fail(failing: &Failing) -> Response {
    if failing.status == 0 {
        return cut_short();
    }
    let status = StatusCode::from_u16(failing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(json!({ "error": "told to fail" }))).into_response();
    if let Some(seconds) = failing.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An answer that promises more than it holds: whoever waits for it never learns the outcome.
fn cut_short() -> Response {
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::other("told to close")) });
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(2));
    response
}
