//! What stands behind an adapter's imports. The host supplies these for each call; a store that is missing
//! is empty and takes nothing; a desk that is missing cannot be linked. Writes are buffered in the port and committed with the call's receipt, by whoever made the call.

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use patchbay_types::Millis;
use serde::{Deserialize, Serialize};

use crate::wit::patchbay::plugin::{
    desk::{Line, Unknown},
    http::{Failure, Request, Response},
    secrets::Algorithm,
    types::{Change, Person, Text},
};

/// Everything that one call of an adapter may reach. It comes back with the answer, so that what was buffered in it
/// can be committed.
pub struct Ports {
    /// The time that `clock.now` tells for the whole call.
    pub now: Millis,
    /// Small state; none: not granted.
    pub store: Option<Box<dyn KeyValue>>,
    /// The embedded desk; none: not granted.
    pub desk: Option<Box<dyn Desk>>,
    /// Ways out; none: not granted.
    pub http: Option<Box<dyn Http>>,
    /// Work with secrets; none: none was granted.
    pub secrets: Option<Box<dyn Secrets>>,
    /// Where what the call asked of the host is written down, for a replay; none: nowhere.
    pub record: Option<Record>,
    /// What no log line of the guest's may show: it was given such things to work with.
    pub hidden: Arc<[String]>,
}

/// Outbound HTTP, as the contract's `http` interface says it: grants, secrets and the journal of steps are behind it.
#[async_trait]
pub trait Http: Any + Send {
    /// Sends a request, or answers for a step that was finished before.
    ///
    /// # Errors
    /// In the contract's words.
    async fn send(&mut self, request: Request) -> Result<Response, Failure>;
    /// A later attempt sends this step again, although it was answered.
    async fn forget(&mut self, step: String);
}

/// Work with secrets that the guest never sees.
pub trait Secrets: Any + Send {
    /// Whether `signature` is right for `data` under any live value of the secret; in constant time.
    fn verify(&mut self, algorithm: Algorithm, secret: &str, data: &[u8], signature: &[u8]) -> bool;
    /// The signature of `data`.
    ///
    /// # Errors
    /// With a sentence, when this secret may not sign.
    fn sign(&mut self, algorithm: Algorithm, secret: &str, data: &[u8]) -> Result<Vec<u8>, String>;
}

/// What calls asked of the host and what it answered, in order. It outlives a call that faults.
pub type Record = Arc<Mutex<Vec<HostCall>>>;

/// One thing that a guest asked of the host: all that a replay has to answer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCall {
    /// Interface and function, such as `http.send`.
    pub function: String,
    /// The arguments, as a JSON array.
    pub input: String,
    /// What was answered, as JSON.
    pub answer: String,
}

/// Small state of one plugin instance and tenant. The last write wins; a read sees this call's own writes.
#[async_trait]
pub trait KeyValue: Any + Send {
    /// The value, or nothing.
    async fn get(&mut self, key: &str) -> Option<Vec<u8>>;
    /// Keeps `value` if the call succeeds; refuses with a sentence when a bound is passed.
    ///
    /// # Errors
    /// When the key or the value is too large, or there are too many of them.
    fn set(&mut self, key: &str, value: Vec<u8>) -> Result<(), String>;
    /// Forgets the key if the call succeeds.
    fn delete(&mut self, key: &str);
}

/// The embedded desk, as the contract's `desk` interface says it.
pub trait Desk: Any + Send {
    /// A new, open ticket; answers its identifier.
    fn create(&mut self, conversation: String, customer: Person) -> String;
    /// Appends a line; answers its identifier.
    ///
    /// # Errors
    /// When the ticket, or the line replied to, is not this call's to touch.
    fn write(&mut self, ticket: String, line: Line) -> Result<String, Unknown>;
    /// Replaces the words of a line.
    ///
    /// # Errors
    /// When the ticket or the line is not this call's to touch.
    fn rewrite(&mut self, ticket: String, line: String, text: Text) -> Result<(), Unknown>;
    /// Removes a line.
    ///
    /// # Errors
    /// When the ticket or the line is not this call's to touch.
    fn remove(&mut self, ticket: String, line: String) -> Result<(), Unknown>;
    /// Puts a reaction on a line, or takes it back.
    ///
    /// # Errors
    /// When the ticket or the line is not this call's to touch.
    fn react(
        &mut self,
        ticket: String,
        line: String,
        key: String,
        by: Person,
        on: bool,
    ) -> Result<(), Unknown>;
    /// Changes the ticket.
    ///
    /// # Errors
    /// When the ticket is not this call's to touch.
    fn alter(&mut self, ticket: String, change: Change) -> Result<(), Unknown>;
}

// === impl Ports ===

impl Ports {
    /// Nothing behind any import.
    #[must_use]
    pub fn none(now: Millis) -> Self {
        let hidden = Arc::from([]);
        Self { now, store: None, desk: None, http: None, secrets: None, record: None, hidden }
    }
}
