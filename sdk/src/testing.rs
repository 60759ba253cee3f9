//! A host for tests: what a plugin asks of it is answered from a script, written down, and judged. With it plain
//! `cargo test` covers a whole plugin, without a sandbox and without a CRM.
//!
//! ```
//! use patchbay_sdk::{http, prelude::*, testing::{Expect, Host}};
//! use serde_json::json;
//!
//! fn note(ticket: &str) -> Result<(), Failure> {
//!     http::post(http::url("https://crm.example.org/notes").segment(ticket)).step("note").send()?;
//!     Ok(())
//! }
//!
//! let host = Host::new();
//! // The first attempt gets no answer, the second one does.
//! host.expect(Expect::post("https://crm.example.org/notes/7").lost());
//! host.expect(Expect::post("https://crm.example.org/notes/7").answer(201, json!({})));
//!
//! let first = host.call("key");
//! assert_eq!(note("7").unwrap_err().kind, FailureKind::Unavailable);
//! let second = host.again(&first);
//! assert_eq!((second.attempt, note("7")), (2, Ok(())));
//! // The step was answered: a third attempt sends nothing.
//! host.again(&second);
//! note("7").unwrap();
//! assert_eq!(host.requests().len(), 2);
//! ```
//!
//! There is one host for each thread, from [`Host::new`] until it is dropped; then the test fails if anything that it
//! expected did not happen. It is not there in a component.

mod desk;
mod expect;
mod host;
mod http;
pub(crate) mod imports;
pub mod sample;
mod secrets;
mod sent;
mod state;

pub use desk::{KeptLine, KeptTicket};
pub use expect::Expect;
pub use host::Host;
pub use sample::standard_webhook;
pub use sent::Sent;
