//! Matrix as the host sees it: what a homeserver pushes, read as hostile bytes; the names of our ghosts; the
//! registration file; and the client-server API, called as an application service.
//!
//! Nothing here knows a database, a tenant's configuration or a plugin.

pub mod client;
pub mod ephemeral;
pub mod error;
pub mod event;
pub mod ghosts;
pub mod http_client;
pub mod intent;
pub mod json;
pub mod links;
pub mod media;
pub mod registration;
pub mod transaction;
pub mod txn;

pub use client::{Client, ClientOptions};
pub use ephemeral::Ephemeral;
pub use error::ClientError;
pub use event::{Event, Relation};
pub use ghosts::{Ghost, Ghosts};
pub use intent::{Intent, Member, NewRoom, Page};
pub use json::Fault;
pub use links::{Linked, Links};
pub use media::{Download, Mxc};
pub use transaction::{Body, Incoming, Transaction, Unreadable};
pub use txn::TxnId;
