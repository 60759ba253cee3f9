//! The homeserver, played as Synapse behaves: it delivers transactions until they are accepted, and answers what the
//! application service asks of its client-server API.

pub mod client_api;
pub mod ledger;
pub mod link;
pub mod sender;

pub use client_api::ClientApi;
pub use link::{Link, Target};
pub use sender::{Delivery, Sender};
