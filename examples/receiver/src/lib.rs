//! A small CRM that speaks the generic adapter's protocol: it takes signed envelopes, keeps tickets and messages, and
//! sends what an agent says back as a signed webhook. To try the adapter with, to start one's own receiver from, and to
//! be made to fail: it delays, refuses, and loses answers on demand.

mod agent;
mod behaviour;
mod books;
mod intake;
mod signature;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

pub use agent::Hook;
pub use behaviour::{Behaviour, Failing};
pub use books::{Books, Ticket};
pub use signature::{Key, now, sign, verify};

/// The largest body: a customer's file comes in one request.
const LARGEST: usize = 64 << 20;

/// Everything that the service knows; cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    /// What envelopes are signed with.
    pub key: Key,
    /// Where webhooks go.
    pub hook: Option<Hook>,
    books: Arc<Mutex<Books>>,
    behaviour: Arc<Mutex<Behaviour>>,
}

// === impl Receiver ===

impl Receiver {
    /// A service with these books.
    #[must_use]
    pub fn new(key: Key, hook: Option<Hook>, books: Books, behaviour: Behaviour) -> Self {
        let (books, behaviour) = (Arc::new(Mutex::new(books)), Arc::new(Mutex::new(behaviour)));
        Self { key, hook, books, behaviour }
    }

    /// Its endpoints.
    #[must_use]
    pub fn router(self) -> Router {
        Router::new()
            .route("/", post(intake::take))
            .route("/tickets", get(tickets))
            .route("/tickets/{id}", get(ticket))
            .route("/tickets/{id}/reply", post(agent::reply))
            .route("/tickets/{id}/status", post(agent::status))
            .route("/behaviour", get(behaviour::show).put(behaviour::change))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(self)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tickets(State(receiver): State<Receiver>) -> Json<Value> {
    let books = receiver.books();
    Json(json!({ "tickets": books.tickets().collect::<Vec<_>>(), "effects": books.effects() }))
}

async fn ticket(
    State(receiver): State<Receiver>,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, StatusCode> {
    receiver.books().ticket(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}
