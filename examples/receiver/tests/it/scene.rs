//! A receiver, and envelopes for it.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt as _;
use receiver::{Behaviour, Books, Key, Receiver, now, sign};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const SECRET: &str = "whsec_c2VjcmV0";

pub(crate) fn receiver(books: Books) -> Router {
    Receiver::new(Key::new(SECRET), None, books, Behaviour::default()).router()
}

pub(crate) async fn ask(router: &Router, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    answered(router, request.body(Body::from(body.to_string())).unwrap()).await
}

pub(crate) async fn send(router: &Router, envelope: &Value) -> (StatusCode, Value) {
    answered(router, signed(envelope, envelope.to_string().as_bytes())).await
}

/// `envelope` with the signature of `body`.
pub(crate) fn signed(envelope: &Value, body: &[u8]) -> Request<Body> {
    let id = envelope["id"].as_str().unwrap();
    Request::post("/")
        .header("webhook-id", id)
        .header("idempotency-key", id)
        .header("webhook-timestamp", now())
        .header("webhook-signature", sign(&Key::new(SECRET), id, now(), body))
        .body(Body::from(envelope.to_string()))
        .unwrap()
}

pub(crate) async fn answered(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(crate) fn open(key: &str) -> Value {
    let data = json!({ "conversation": "c", "customer": {}, "changes": [] });
    json!({ "id": key, "history": false, "type": "ticket.open", "data": data })
}

pub(crate) fn said(key: &str, ticket: &str, text: &str) -> Value {
    let data = json!({ "ticket": ticket, "text": text });
    json!({ "id": key, "history": false, "type": "message.append", "data": data })
}
