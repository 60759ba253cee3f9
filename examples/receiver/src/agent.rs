//! What an agent does here goes back as a signed webhook.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Key, Receiver, signature};

/// Where webhooks go.
#[derive(Clone)]
pub struct Hook {
    url: String,
    key: Key,
    client: reqwest::Client,
}

// === impl Hook ===

impl Hook {
    /// To `url`, signed with `key`.
    ///
    /// # Errors
    /// When the machine has no TLS.
    pub fn new(url: String, key: Key) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { url, key, client })
    }
}

type Answer = (StatusCode, Json<Value>);

/// `POST /tickets/{id}/reply`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    agent: String,
    text: String,
    /// Seen by agents alone.
    #[serde(default)]
    note: bool,
    /// Answers one of our messages.
    #[serde(default)]
    reply_to: Vec<String>,
    /// The webhook's identifier; the same one again is the same reply.
    #[serde(default)]
    id: Option<String>,
}

/// `POST /tickets/{id}/status`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    agent: String,
    status: String,
    #[serde(default)]
    id: Option<String>,
}

pub(crate) async fn reply(
    State(receiver): State<Receiver>,
    Path(ticket): Path<String>,
    Json(reply): Json<Reply>,
) -> Answer {
    let kind = if reply.note { "note" } else { "message" };
    let author = json!({ "id": reply.agent, "name": reply.agent });
    let (text, reply_to) = (reply.text, reply.reply_to);
    let told =
        json!({ "type": kind, "ticket": ticket, "author": author, "text": text, "reply_to": reply_to });
    tell(&receiver, &ticket, reply.id, told).await
}

pub(crate) async fn status(
    State(receiver): State<Receiver>,
    Path(ticket): Path<String>,
    Json(status): Json<Status>,
) -> Answer {
    let (changes, by) = (json!([{ "status": status.status }]), json!({ "id": status.agent }));
    let told = json!({ "type": "changed", "ticket": ticket, "changes": changes, "by": by });
    tell(&receiver, &ticket, status.id, told).await
}

/// Sends once, and tells how it was answered: whoever asked for it may ask again.
async fn tell(receiver: &Receiver, ticket: &str, id: Option<String>, mut told: Value) -> Answer {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let refuse = |status, why: String| (status, Json(json!({ "error": why })));
    if receiver.books().ticket(ticket).is_none() {
        return refuse(StatusCode::NOT_FOUND, "there is no such ticket".to_owned());
    }
    let Some(Hook { url, key, client }) = &receiver.hook else {
        return refuse(StatusCode::CONFLICT, "start with --hook-url to send anything back".to_owned());
    };
    let seconds = signature::now();
    let fresh = || format!("R{seconds}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let id = id.unwrap_or_else(fresh);
    if let Some(told) = told.as_object_mut() {
        told.insert("id".to_owned(), id.clone().into());
    }
    let body = told.to_string();
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signature::sign(key, &id, seconds, body.as_bytes()))
        .body(body);
    match request.send().await {
        Ok(response) if response.status().is_success() => (StatusCode::OK, Json(json!({ "id": id }))),
        Ok(response) => {
            refuse(StatusCode::BAD_GATEWAY, format!("the hook answered {}", response.status().as_u16()))
        }
        Err(error) => refuse(StatusCode::BAD_GATEWAY, error.without_url().to_string()),
    }
}
