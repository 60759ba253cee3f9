//! One call of a method of a model, and the two ways in which Odoo takes it. Whoever asks knows neither.

mod json2;
mod jsonrpc;

pub use json2::version;
pub use jsonrpc::{authenticate, common_version};
use patchbay_sdk::http::{self, Destination, Request, Response};
use serde_json::{Map, Value, json};

use crate::{fault::Fault, settings::Settings, val::Val};

/// A method of a model, with what it is given.
#[derive(Debug, Clone)]
pub struct Ask {
    pub(crate) model: String,
    pub(crate) method: &'static str,
    /// The records that it is about; none: a method of the model.
    pub(crate) ids: Option<Vec<i64>>,
    /// In the order in which Odoo declares them: JSON-RPC gives them by place, JSON-2 by name.
    given: Vec<(&'static str, Val)>,
    named: Vec<(&'static str, Val)>,
    context: Map<String, Value>,
    /// An effect's name.
    pub(crate) step: Option<String>,
    /// Where in the result a file stands that goes to the host.
    take: Option<&'static str>,
}

/// How Odoo is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `/json/2`, since 19.
    Json2,
    /// `/jsonrpc`, up to 21; calls are made by this user.
    JsonRpc {
        /// The technical user.
        uid: i64,
    },
}

// === impl Ask ===

impl Ask {
    /// A method of the model.
    pub(crate) fn of(model: impl Into<String>, method: &'static str) -> Self {
        Self {
            model: model.into(),
            method,
            ids: None,
            given: Vec::new(),
            named: Vec::new(),
            context: Map::new(),
            step: None,
            take: None,
        }
    }

    /// A method of these records.
    pub(crate) fn on(model: impl Into<String>, method: &'static str, ids: &[i64]) -> Self {
        Self { ids: Some(ids.to_vec()), ..Self::of(model, method) }
    }

    /// Reads what a domain finds, oldest first, `limit` at most.
    pub(crate) fn search_read(model: impl Into<String>, domain: Value, fields: &[&str], limit: u32) -> Self {
        Self::of(model, "search_read")
            .given("domain", domain)
            .named("fields", json!(fields))
            .named("order", "id")
            .named("limit", limit)
    }

    /// Reads fields of records.
    pub(crate) fn read(model: impl Into<String>, ids: &[i64], fields: &[&str]) -> Self {
        Self::on(model, "read", ids).named("fields", json!(fields))
    }

    /// Writes fields of records.
    pub(crate) fn write(model: impl Into<String>, ids: &[i64], vals: impl Into<Val>) -> Self {
        Self::on(model, "write", ids).given("vals", vals)
    }

    /// One more argument, which also has a place.
    pub(crate) fn given(mut self, name: &'static str, value: impl Into<Val>) -> Self {
        self.given.push((name, value.into()));
        self
    }

    /// One more argument, by its name.
    pub(crate) fn named(mut self, name: &'static str, value: impl Into<Val>) -> Self {
        self.named.retain(|(known, _)| *known != name);
        self.named.push((name, value.into()));
        self
    }

    /// Something in the context.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }

    /// Archived records are found too.
    pub(crate) fn archived_too(self) -> Self {
        self.with("active_test", false)
    }

    /// It is an effect, of this name.
    pub(crate) fn step(mut self, name: impl Into<String>) -> Self {
        self.step = Some(name.into());
        self
    }

    /// What stands there in the result (a JSON Pointer) goes to the host, decoded.
    pub(crate) fn take(mut self, at: &'static str) -> Self {
        self.take = Some(at);
        self
    }
}

// === impl Transport ===

impl Transport {
    /// Sends it.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) fn send(self, settings: &Settings, ask: Ask) -> Result<Value, Fault> {
        match self {
            Self::Json2 => json2::send(settings, ask),
            Self::JsonRpc { uid } => jsonrpc::send(settings, uid, ask),
        }
    }
}

fn dressed(request: Request, step: Option<String>) -> Request {
    match step {
        Some(step) => request.step(step),
        None => request,
    }
}

fn taking(request: Request, base: &str, take: Option<&str>) -> Request {
    match take {
        Some(at) => request.take(&format!("{base}{at}"), Destination::Base64File),
        None => request,
    }
}

fn answered(request: Request) -> Result<Response, Fault> {
    let response = request.answer().map_err(Fault::Http)?;
    if response.is_success() { Ok(response) } else { Err(Fault::of_status(response)) }
}

/// A 2xx that says that nothing was done, or that cannot be read, settles nothing: a later attempt looks, and sends it
/// again.
fn settled(result: Result<Value, Fault>, effect: Option<String>) -> Result<Value, Fault> {
    if let (Err(_), Some(step)) = (&result, effect) {
        http::forget(&step);
    }
    result
}

/// The body as JSON. What is none of Odoo's JSON comes from something else at this URL; a body that the host could not
/// read settles nothing either way.
fn body(response: &Response) -> Result<Value, Fault> {
    if let Some(why) = response.header("patchbay-unread") {
        return Err(Fault::Http(http::Error::UnknownOutcome(why.to_owned())));
    }
    serde_json::from_slice(&response.body)
        .map_err(|_| Fault::Nobody("what answers behind this URL is not Odoo's JSON".to_owned()))
}
