//! Outbound HTTP, to where the operator granted it.
//!
//! ```
//! use patchbay_sdk::{
//!     http::{self, secret, text, url},
//!     testing::{Expect, Host},
//! };
//! # use patchbay_sdk::prelude::*;
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize)]
//! struct Made {
//!     id: u64,
//! }
//!
//! fn make(title: &str) -> Result<u64, Failure> {
//!     let made: Made = http::post(url("https://crm.example.org/api").segment("tickets").query("notify", "no"))
//!         .header("authorization", text("Token token=").then(secret("crm-token")))
//!         .json(&json!({ "title": title }))
//!         .step("create-ticket")
//!         .send()?
//!         .read()?;
//!     Ok(made.id)
//! }
//!
//! let host = Host::new();
//! host.expect(
//!     Expect::post("https://crm.example.org/api/tickets?notify=no")
//!         .header("authorization", "Token token=<crm-token>")
//!         .json(json!({ "title": "Printer" }))
//!         .answer(201, json!({ "id": 7 })),
//! );
//! assert_eq!(make("Printer").unwrap(), 7);
//! ```
//!
//! **Secrets and files are pieces of their own**, put in by the host: no text is ever searched for one, so nothing that
//! a customer writes can become one. A secret may be (part of) a header, a piece of a URL, a body, or a field of what
//! [`Request::json`] is given. A file may be a [`Multipart`]'s part or, as [`base64_of`], a field.
//!
//! **A step is an effect with a name.** Once it was answered 2xx, a later attempt of the same call gets that answer and
//! nothing is sent; so a name has to mean the same effect in each attempt, and another effect needs another name. What
//! was sent but never answered ([`Error::UnknownOutcome`]) is sent again: where [`Call::attempt`] is above 1, look
//! whether it is there first. Without a step a request is a read.
//!
//! [`Call::attempt`]: crate::prelude::Call

mod body;
mod error;
mod multipart;
mod request;
mod response;
mod url;
mod value;

pub use body::{FileBase64, base64_of};
pub use error::Error;
pub use multipart::Multipart;
pub use request::{Request, delete, get, head, patch, post, put, request};
pub use url::{Url, url};
pub use value::{Secret, Value, secret, text};

/// The contract's own words, for what the builders here cannot say.
pub use crate::bindings::base::patchbay::plugin::http as contract;
pub use crate::bindings::base::patchbay::plugin::http::{Destination, Method, Response};
use crate::host::http as host;

/// The answer of `step` settled nothing, as when it is an error with status 200: a later attempt sends it again.
pub fn forget(step: &str) {
    host::forget(step);
}
